// From watched objects to what Envoy runs. A change renders the one deployment that it touches; changes that come together
// are published together. Nothing here talks to the API server: it is told of changes and reads stores.
import type { Log } from '../../lib/runtime/log.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { keyOf } from '../../lib/kube/object.ts';
import type { Change, ReadonlyStore } from '../../lib/kube/store.ts';
import { type DeploymentPart, renderPart } from '../config/deployment-part.ts';
import { RefusedForms } from '../config/refused.ts';
import { readBackends, SLICE_SERVICE_LABEL } from '../config/read-backends.ts';
import { readServed } from '../config/read-deployment.ts';
import type { Note } from '../../cluster/acknowledge.ts';
import type { Backend, ServedDeployment } from '../config/served.ts';
import { renderSnapshot, type Snapshot } from '../config/snapshot.ts';
import { KIND } from '../../graph/crd/names.ts';

/** Changes that come within that time are published together, ms; more where rendering takes long. */
const GATHER_MS = 20;

export interface Stores {
  readonly deployments: ReadonlyStore;
  readonly services: ReadonlyStore;
  /** Indexed by the label that names the Service. */
  readonly slices: ReadonlyStore;
}

/** What one deployment was rendered from: what is kept on disk. */
export interface Remembered {
  readonly served: ServedDeployment;
  readonly backends: readonly Backend[];
}

export interface Publication {
  readonly snapshot: Snapshot;
  /** Every change of a SeldonDeployment up to this resourceVersion is in it; '0' when it came from disk. */
  readonly resourceVersion: string;
  /** When the oldest change in it was heard of, ms of `performance.now`. */
  readonly sinceMs: number;
}

export interface AgentOptions {
  readonly stores: Stores;
  readonly publish: (publication: Publication) => void;
  /** Of every snapshot; none where not given. */
  readonly first?: Snapshot['first'];
  readonly log: Log;
  /** `renderPart`; throws where it cannot be sent. */
  readonly render?: typeof renderPart;
}

export class GatewayAgent {
  readonly #options: AgentOptions;
  readonly #parts = new Map<string, DeploymentPart>();
  /** What deployments ask for, by `namespace/name`. */
  readonly #asked = new Map<string, Remembered>();
  /** What they get: the same, or what Envoy took of them before. */
  readonly #remembered = new Map<string, Remembered>();
  /** What Envoy took last. */
  readonly #taken = new Map<string, ServedDeployment>();
  readonly #refused = new RefusedForms();
  readonly #notes = new Map<string, readonly Note[]>();
  readonly #changed = new Set<string>();
  #isOpen = false;
  #sinceMs: number | undefined;
  #resourceVersion = 0n;
  #timer: NodeJS.Timeout | undefined;
  #costMs = 0;
  /** Undefined when a part changed since it was rendered: a change of status alone renders nothing. */
  #snapshot: Snapshot | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  /** Renders everything and publishes; from then on changes are followed. Call when the stores are whole. */
  open(): void {
    this.#isOpen = true;
    this.#sinceMs ??= performance.now();
    this.#parts.clear();
    this.#asked.clear();
    this.#remembered.clear();
    this.#snapshot = undefined;
    for (const object of this.#options.stores.deployments.values()) {
      this.#changed.add(keyOf(object));
      this.#countVersion(object);
    }
    this.#flush();
  }

  /** Serves what was remembered, until `open`. */
  recall(remembered: readonly Remembered[]): void {
    for (const each of remembered) this.#put(keyOfServed(each.served), each);
    this.#publish('0');
  }

  /** What Envoy took of deployments before this process; a form of them that it refuses gives way to it. */
  assume(remembered: readonly Remembered[]): void {
    for (const { served } of remembered) this.#taken.set(keyOfServed(served), served);
  }

  /** Envoy runs the snapshot. */
  onLive({ parts }: Snapshot): void {
    for (const [key, { served }] of parts) {
      this.#taken.set(key, served);
      if (this.#asked.get(key)?.served === served) this.#refused.forget(key);
    }
  }

  /** Envoy refuses these parts (why, by `namespace/name`): they give way to what it took of their deployments before, or to nothing. */
  onRefused(
    parts: ReadonlyMap<string, DeploymentPart>,
    reasons: ReadonlyMap<string, string>,
  ): void {
    for (const [key, reason] of reasons) {
      const part = parts.get(key);
      if (part === undefined) continue;
      this.#refused.add(key, part, reason);
      this.#options.log.error({ deployment: key, reason }, 'Envoy refuses a deployment');
      const asked = this.#asked.get(key);
      if (asked !== undefined) this.#choose(key, asked);
    }
    this.#publish(String(this.#resourceVersion));
  }

  onChange(change: Change): void {
    const { object } = change;
    if (object.kind === KIND) {
      this.#countVersion(object);
      this.#mark(keyOf(object));
    } else if (object.kind === 'Service') this.#markOwners(object);
    else this.#markOwnersOfSlice(object);
  }

  /** What was rendered last, to be kept. */
  remember(): readonly Remembered[] {
    return [...this.#remembered.values()];
  }

  parts(): Iterable<DeploymentPart> {
    return this.#parts.values();
  }

  /** What was written and is not done, by `namespace/name`. */
  notes(): ReadonlyMap<string, readonly Note[]> {
    const all = new Map(this.#notes);
    for (const [key, reason] of this.#refused.reasons()) {
      const outcome = this.#parts.has(key) ? 'it is served as it was before' : 'it is not served';
      const note = { path: 'gateway', message: `Envoy refuses it (${reason}); ${outcome}` };
      all.set(key, [note, ...(all.get(key) ?? [])]);
    }
    return all;
  }

  /** How many deployments Envoy refuses as they are now. */
  get refused(): number {
    return this.#refused.reasons().size;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#isOpen = false;
  }

  #countVersion(object: KubeObject): void {
    const text = object.metadata.resourceVersion ?? '';
    if (!/^\d+$/.test(text)) return;
    const version = BigInt(text);
    if (version > this.#resourceVersion) this.#resourceVersion = version;
  }

  #markOwners(service: KubeObject): void {
    const { namespace = '', ownerReferences = [] } = service.metadata;
    for (const owner of ownerReferences)
      if (owner.kind === KIND) this.#mark(`${namespace}/${owner.name}`);
  }

  #markOwnersOfSlice(slice: KubeObject): void {
    const { namespace = '', labels } = slice.metadata;
    const name = labels?.[SLICE_SERVICE_LABEL];
    const service = this.#options.stores.services.get(`${namespace}/${name ?? ''}`);
    if (service !== undefined) this.#markOwners(service);
  }

  #mark(key: string): void {
    this.#changed.add(key);
    this.#sinceMs ??= performance.now();
    if (!this.#isOpen || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#flush(), Math.max(GATHER_MS, this.#costMs));
  }

  #flush(): void {
    this.#timer = undefined;
    const beganMs = performance.now();
    for (const key of this.#changed) this.#render(key);
    this.#changed.clear();
    this.#publish(String(this.#resourceVersion));
    this.#costMs = performance.now() - beganMs;
  }

  #render(key: string): void {
    const { deployments, services, slices } = this.#options.stores;
    const object = deployments.get(key);
    const read = object === undefined ? undefined : readServed(object);
    this.#tell(key, read?.notes ?? []);
    if (read === undefined || read.served === undefined) {
      if (this.#parts.delete(key)) this.#snapshot = undefined;
      for (const each of [this.#asked, this.#remembered, this.#taken]) each.delete(key);
      this.#refused.forget(key);
      return;
    }
    const { uid, namespace } = read.served;
    const backends = readBackends(
      uid,
      services.ownedBy(uid).filter((each) => each.metadata.namespace === namespace),
      (service) => slices.labelled(SLICE_SERVICE_LABEL, service.metadata.name),
    );
    this.#put(key, { served: read.served, backends });
  }

  /** A part that came out equal stays the same object, so that it is not encoded again. */
  #put(key: string, asked: Remembered): void {
    const before = this.#asked.get(key);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(asked)) return;
    this.#asked.set(key, asked);
    this.#choose(key, asked);
  }

  /** The first form that is not known to be refused: as it is asked for, or with the settings that Envoy took last. */
  #choose(key: string, asked: Remembered): void {
    this.#snapshot = undefined;
    const taken = this.#taken.get(key);
    const former =
      taken === undefined || taken === asked.served || taken.uid !== asked.served.uid
        ? []
        : [{ ...asked, served: taken }];
    for (const form of [asked, ...former]) {
      const part = this.#renderForm(key, form, asked);
      if (part === undefined || this.#refused.has(key, part)) continue;
      this.#parts.set(key, part);
      this.#remembered.set(key, form);
      return;
    }
    this.#parts.delete(key);
    this.#remembered.delete(key);
  }

  #renderForm(key: string, form: Remembered, asked: Remembered): DeploymentPart | undefined {
    const { render = renderPart, log } = this.#options;
    try {
      const part = render(form.served, form.backends);
      return form === asked ? part : { ...part, leftovers: listStillUsed(part, asked.served) };
    } catch (error) {
      // One deployment that nobody foresaw must not keep the others back.
      this.#refused.addReason(key, String(error));
      log.error({ deployment: key, error: String(error) }, 'a deployment could not be rendered');
      return undefined;
    }
  }

  #tell(key: string, notes: readonly Note[]): void {
    const before = this.#notes.get(key) ?? [];
    if (notes.length === 0) this.#notes.delete(key);
    else this.#notes.set(key, notes);
    if (JSON.stringify(before) === JSON.stringify(notes)) return;
    for (const note of notes) this.#options.log.warn({ deployment: key, ...note }, note.message);
  }

  #publish(resourceVersion: string): void {
    const sinceMs = this.#sinceMs ?? performance.now();
    this.#sinceMs = undefined;
    this.#snapshot ??= renderSnapshot(this.#parts.values(), this.#options.first);
    this.#options.publish({ snapshot: this.#snapshot, resourceVersion, sinceMs });
  }
}

function keyOfServed({ namespace, name }: ServedDeployment): string {
  return `${namespace}/${name}`;
}

/** Services that get requests though the deployment as it is stored no longer names them. */
function listStillUsed({ served, leftovers }: DeploymentPart, asked: ServedDeployment): string[] {
  const named = new Set(asked.predictors.map(({ service }) => service));
  const former = served.predictors.map(({ service }) => service).filter((each) => !named.has(each));
  return [...new Set([...leftovers, ...former])];
}
