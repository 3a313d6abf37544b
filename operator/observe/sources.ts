// Everything that is watched, and which SeldonDeployment a change of it concerns. With chosen namespaces there is one watch for
// each kind and namespace, so that no more rights are needed than there.
import { textOf } from '../../graph/plan/json-value.ts';
import { statusOf } from './fields.ts';
import type { Reflector, ReflectorOptions } from '../../lib/kube/reflector.ts';
import type { KindRef } from '../../lib/kube/kinds.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { controllerOf, keyOf } from '../../lib/kube/object.ts';
import { readAllNotes } from '../../cluster/acknowledge.ts';
import type { Change, ReadonlyStore } from '../../lib/kube/store.ts';
import { GATEWAY_LABEL, LABELS, SELDON_LABELS } from '../../cluster/names.ts';
import { STORED_KIND, KIND } from '../../graph/crd/names.ts';
import { labelValue } from '../../cluster/object-names.ts';
import { trimObject } from './trim.ts';

const NAMESPACE: KindRef = { apiVersion: 'v1', kind: 'Namespace' };
const CHILDREN: readonly KindRef[] = [
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'Service' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
  { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
];
const REPLICA_SET: KindRef = { apiVersion: 'apps/v1', kind: 'ReplicaSet' };
const POD: KindRef = { apiVersion: 'v1', kind: 'Pod' };
/** Seldon's operator sets it on what it makes too. */
const SELECTOR = SELDON_LABELS.deployment;

export interface SourcesOptions {
  readonly reflect: (options: Omit<ReflectorOptions, 'client' | 'log' | 'metrics'>) => Reflector;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  /** Kinds of children besides Kubernetes' own. */
  readonly otherKinds: readonly KindRef[];
  /** Where gateways say what is live. */
  readonly gatewayNamespace: string;
  /** A SeldonDeployment is to be looked at. */
  readonly touch: (key: string) => void;
  /** A gateway said something. */
  readonly onGateway: () => void;
  /** A pod is gone. */
  readonly onPodGone: (uid: string) => void;
}

export class Sources {
  readonly #options: SourcesOptions;
  /** By kind, then by namespace; '' for all. */
  readonly #reflectors = new Map<string, Map<string, Reflector>>();
  readonly #children: readonly KindRef[];
  readonly #gateways: Reflector;
  /** What gateways say of deployments, by the name of their ConfigMap. */
  readonly #noted = new Map<string, ReadonlyMap<string, string>>();

  constructor(options: SourcesOptions) {
    this.#options = options;
    this.#watch(STORED_KIND, {}, (change) => this.#onDeployment(change));
    this.#children = [...CHILDREN, ...options.otherKinds];
    for (const kind of this.#children)
      this.#watch(kind, { labelSelector: SELECTOR }, ({ object }) => this.#touchOwner(object));
    this.#watch(REPLICA_SET, { labelSelector: SELECTOR }, () => {
      // Its Deployment changes with it.
    });
    const indexed = { labelSelector: SELECTOR, indexedLabels: [LABELS.deployment] };
    this.#watch(POD, indexed, (change) => this.#onPod(change));
    this.#watchNamespaces();
    this.#gateways = options.reflect({
      kind: { apiVersion: 'v1', kind: 'ConfigMap' },
      namespace: options.gatewayNamespace,
      labelSelector: `${GATEWAY_LABEL}=true`,
      trim: trimObject,
      onChange: (change) => this.#onGateway(change),
    });
  }

  get synced(): Promise<unknown> {
    const all = [...this.#reflectors.values()].flatMap((each) => [...each.values()]);
    return Promise.all([...all, this.#gateways].map((each) => each.synced));
  }

  deployment(key: string): KubeObject | undefined {
    return this.#store(KIND, namespaceOf(key))?.get(key);
  }

  *deployments(): Generator<KubeObject> {
    for (const reflector of this.#reflectors.get(KIND)?.values() ?? [])
      yield* reflector.store.values();
  }

  deploymentsIn(namespace: string): readonly KubeObject[] {
    return this.#store(KIND, namespace)?.inNamespace(namespace) ?? [];
  }

  namespace(name: string): KubeObject | undefined {
    return this.#reflectors.get('Namespace')?.get(this.#scope(name))?.store.get(name);
  }

  childrenOf({ metadata }: KubeObject): readonly KubeObject[] {
    const { uid = '', namespace = '' } = metadata;
    return this.#children.flatMap(({ kind }) => this.#store(kind, namespace)?.ownedBy(uid) ?? []);
  }

  replicaSetsOf({ metadata }: KubeObject): readonly KubeObject[] {
    return this.#store('ReplicaSet', metadata.namespace ?? '')?.ownedBy(metadata.uid ?? '') ?? [];
  }

  podsOf({ metadata }: KubeObject): readonly KubeObject[] {
    const { name, namespace = '' } = metadata;
    const pods = this.#store('Pod', namespace)?.labelled(LABELS.deployment, labelValue(name)) ?? [];
    return pods.filter((pod) => pod.metadata.namespace === namespace);
  }

  /** Deployments of which a gateway says something else than before are looked at. */
  #onGateway({ type, object }: Change): void {
    const { name } = object.metadata;
    const before = this.#noted.get(name) ?? new Map<string, string>();
    const notes = type === 'deleted' ? new Map<string, string>() : readAllNotes(object);
    this.#noted.set(name, notes);
    for (const key of new Set([...before.keys(), ...notes.keys()]))
      if (before.get(key) !== notes.get(key)) this.#options.touch(key);
    this.#options.onGateway();
  }

  gateways(): readonly KubeObject[] {
    return [...this.#gateways.store.values()];
  }

  #watch(
    kind: KindRef,
    options: { readonly labelSelector?: string; readonly indexedLabels?: readonly string[] },
    onChange: (change: Change) => void,
  ): void {
    const { namespaces, reflect } = this.#options;
    const scopes = namespaces.length === 0 ? [''] : namespaces;
    const reflectors = scopes.map((scope): [string, Reflector] => [
      scope,
      reflect({
        ...options,
        kind,
        ...(scope === '' ? {} : { namespace: scope }),
        trim: trimObject,
        onChange,
      }),
    ]);
    this.#reflectors.set(kind.kind, new Map(reflectors));
  }

  /** A Namespace is in none: with chosen ones each is watched by its name. */
  #watchNamespaces(): void {
    const { namespaces, reflect } = this.#options;
    const scopes = namespaces.length === 0 ? [''] : namespaces;
    const reflectors = scopes.map((scope): [string, Reflector] => [
      scope,
      reflect({
        kind: NAMESPACE,
        ...(scope === '' ? {} : { fieldSelector: `metadata.name=${scope}` }),
        trim: trimObject,
        onChange: ({ object }) => {
          for (const each of this.deploymentsIn(object.metadata.name))
            this.#options.touch(keyOf(each));
        },
      }),
    ]);
    this.#reflectors.set(NAMESPACE.kind, new Map(reflectors));
  }

  #onDeployment(change: Change): void {
    this.#options.touch(change.key);
    if (change.type !== 'deleted') return;
    // Those that failed may have waited for a name of it.
    for (const each of this.deploymentsIn(namespaceOf(change.key)))
      if (textOf(statusOf(each)['state']) === 'Failed') this.#options.touch(keyOf(each));
  }

  #touchOwner(child: KubeObject): void {
    const owner = controllerOf(child);
    if (owner?.kind === KIND)
      this.#options.touch(`${child.metadata.namespace ?? ''}/${owner.name}`);
  }

  #onPod({ type, object }: Change): void {
    const { namespace = '', labels = {}, uid = '' } = object.metadata;
    if (type === 'deleted') this.#options.onPodGone(uid);
    const label = labels[LABELS.deployment];
    if (label === undefined) return;
    const key = `${namespace}/${label}`;
    if (this.deployment(key) !== undefined) return this.#options.touch(key);
    // A name that is no label is written there as its hash.
    for (const each of this.deploymentsIn(namespace))
      if (labelValue(each.metadata.name) === label) this.#options.touch(keyOf(each));
  }

  #store(kind: string, namespace: string): ReadonlyStore | undefined {
    return this.#reflectors.get(kind)?.get(this.#scope(namespace))?.store;
  }

  #scope(namespace: string): string {
    return this.#options.namespaces.length === 0 ? '' : namespace;
  }
}

function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
