// One turn of the loop for one SeldonDeployment: observe, decide, carry out, tell. Everything that it knows it reads afresh, so
// a turn that is cut short anywhere is made good by the next one.
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { statusOf } from '../observe/fields.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Log } from '../../lib/runtime/log.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { describeError, KubeError } from '../../lib/kube/error.ts';
import type { EventRecorder } from '../../lib/kube/events.ts';
import { keyOf } from '../../lib/kube/object.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { WorkOutcome } from '../../lib/kube/queue.ts';
import { DONE } from '../../lib/kube/queue.ts';
import { ANNOTATIONS, FIELD_MANAGERS, SELDON_LABELS } from '../../cluster/names.ts';
import { withFailure } from '../status/failure.ts';
import type { ReconcileFailure } from '../status/failure.ts';
import type { PlanBook } from '../observe/ask-plans.ts';
import type { ReconcileEvent, Observed, ReconcileConfig } from '../observe/contract.ts';
import type { Reconciled, ReconcileInput } from '../observe/contract.ts';
import { kindAndName } from '../observe/contract.ts';
import { readOptions } from '../read/reader.ts';
import type { Reader } from '../read/reader.ts';
import { readStoredObject } from '../observe/check-object.ts';
import { explainRefusal } from '../observe/explain-refusal.ts';
import { observe } from '../observe/observe.ts';
import { perform } from './perform.ts';
import { leaveAlone } from './leave-alone.ts';
import { reconcile } from './reconcile.ts';
import { differsInPlansAlone } from './hold-status.ts';
import type { Sources } from '../observe/sources.ts';
import { WriteGuard } from './write-guard.ts';
import { SpecVersions } from '../observe/spec-versions.ts';
import { surveyOwners } from '../observe/survey.ts';
import type { Survey } from '../observe/survey.ts';

export interface ReconcilerOptions {
  readonly client: KubeClient;
  readonly sources: Sources;
  readonly reader: Reader;
  readonly plans: PlanBook;
  readonly events: EventRecorder;
  readonly config: ReconcileConfig;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const ACTION = 'Reconcile';
/** Writes that were refused are not sent again while they are the same, but for policies that may have changed. */
const RETRY_REFUSED_MS = 10 * 60_000;

interface Refused {
  readonly writes: string;
  readonly atMs: number;
  readonly failure: ReconcileFailure;
}

export class Reconciler {
  readonly #options: ReconcilerOptions;
  /** Deployments that wait for gateways. */
  readonly #waiting = new Set<string>();
  readonly #versions = new SpecVersions();
  readonly #refused = new Map<string, Refused>();
  readonly #guard = new WriteGuard();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  get waitingForGateways(): Iterable<string> {
    return this.#waiting;
  }

  async work(key: string, signal: AbortSignal): Promise<WorkOutcome> {
    const { sources, reader, plans, config, now } = this.#options;
    const object = sources.deployment(key);
    this.#waiting.delete(key);
    if (object === undefined) {
      this.#versions.forget(key);
      this.#refused.delete(key);
      this.#guard.forget(key);
      return DONE;
    }
    const observed = observe(object, sources, plans.plans, this.#versions, config, now());
    const version = versionOf(observed);
    let input: ReconcileInput;
    let result: Reconciled;
    try {
      const survey = surveyOwners(observed);
      const left = leaveAlone(observed, survey);
      if (left !== undefined) return await this.#leave(object, left, signal);
      const loaded = await readStoredObject(object, reader, readOptions(config));
      input = { ...observed, loaded, undone: this.#guard.undone(key, version, now()) };
      result = await this.#decide(input, survey, signal);
    } catch (error) {
      if (signal.aborted || error instanceof KubeError) throw error;
      return await this.#tellFault(object, error, signal);
    }
    if (!result.isOurs) return await this.#leave(object, result, signal);
    const writes = fingerprint(result);
    const known = this.#refused.get(key);
    if (known?.writes === writes && now() - known.atMs < RETRY_REFUSED_MS)
      return await this.#refuse(object, result, known.failure, signal);
    this.#refused.delete(key);
    const before = new Map(input.children.map((child) => [kindAndName(child), child]));
    try {
      await perform(object, result, {
        client: this.#options.client,
        tell: (event) => this.#tell(object, [event]),
        onApplied: (applied, stored) => {
          const { resourceVersion } = before.get(kindAndName(applied))?.metadata ?? stored.metadata;
          if (stored.metadata.resourceVersion !== resourceVersion)
            this.#guard.note(key, version, applied, now());
        },
        signal,
      });
    } catch (error) {
      return await this.#fail(object, result, error, signal);
    }
    if (!canWait(result, object)) await this.#writeStatus(object, result.status, signal);
    this.#tell(object, result.events);
    plans.ask(key, result.ask, signal);
    if (result.requeueAfterMs === undefined) return DONE;
    this.#waiting.add(key);
    return { kind: 'retry-after', ms: result.requeueAfterMs };
  }

  /** What is another's gets nothing of ours but events, and loses what we have said of it. */
  async #leave(object: KubeObject, result: Reconciled, signal: AbortSignal): Promise<WorkOutcome> {
    if (result.status !== undefined) await this.#writeStatus(object, result.status, signal);
    this.#tell(object, result.events);
    return DONE;
  }

  /** What is not watched is looked up: an object without our labels may hold a name that we need. */
  async #decide(input: ReconcileInput, survey: Survey, signal: AbortSignal): Promise<Reconciled> {
    const first = reconcile(input, survey);
    if (first.lookUp.length === 0) return first;
    const found = await Promise.all(
      first.lookUp.map(async (ref) => ({
        ref,
        live: await this.#options.client.get(ref, { signal }),
      })),
    );
    const absent = found.filter(({ live }) => live === undefined);
    return reconcile({
      ...input,
      children: [...input.children, ...found.flatMap(({ live }) => live ?? [])],
      absent: new Set(absent.map(({ ref }) => `${ref.kind}/${ref.name}`)),
    });
  }

  /**
   * What a person must change is told and not tried again; a lost race is; everything else is tried again with growing
   * waits, and told where the API server has said why.
   */
  async #fail(
    object: KubeObject,
    result: Reconciled,
    error: unknown,
    signal: AbortSignal,
  ): Promise<WorkOutcome> {
    const refusal = error instanceof KubeError ? explainRefusal(error) : undefined;
    if (refusal === undefined) {
      if (error instanceof KubeError && !error.isTransient)
        return { kind: 'retry', reason: describeError(error) };
      throw error;
    }
    const { remedy, words, short } = refusal;
    const reason = remedy === 'edit' ? 'Refused' : 'NotApplied';
    const failure = { reason, words, short, needsPerson: remedy !== 'server' } as const;
    if (remedy === 'edit') {
      const known = { writes: fingerprint(result), atMs: this.#options.now(), failure };
      this.#refused.set(keyOf(object), known);
    }
    return await this.#refuse(object, result, failure, signal);
  }

  async #refuse(
    object: KubeObject,
    result: Reconciled,
    failure: ReconcileFailure,
    signal: AbortSignal,
  ): Promise<WorkOutcome> {
    await this.#writeFailure(object, result.status ?? statusOf(object), failure, signal);
    return { kind: failure.reason === 'Refused' ? 'terminal' : 'retry', reason: failure.words };
  }

  /** A fault of our own: told in the object that it was met with, and tried again with growing waits. */
  async #tellFault(object: KubeObject, error: unknown, signal: AbortSignal): Promise<WorkOutcome> {
    const words = `the operator failed with this object: ${describeError(error)}`;
    const failure = { reason: 'OperatorFault', words, needsPerson: true } as const;
    await this.#writeFailure(object, statusOf(object), failure, signal);
    return { kind: 'retry', reason: error instanceof Error ? (error.stack ?? words) : words };
  }

  async #writeFailure(
    object: KubeObject,
    status: JsonObject,
    failure: ReconcileFailure,
    signal: AbortSignal,
  ): Promise<void> {
    const failed = withFailure(status, failure, object, this.#options.now());
    await this.#writeStatus(object, failed, signal);
    const { reason, words } = failure;
    this.#tell(object, [{ type: 'Warning', reason, message: words }]);
  }

  /** Nothing is written where it says so already; {} takes back all that we have said. */
  async #writeStatus(
    object: KubeObject,
    status: Reconciled['status'],
    signal: AbortSignal,
  ): Promise<void> {
    if (status === undefined || isDeepStrictEqual(status, object['status'])) return;
    const { apiVersion, kind, metadata } = object;
    const { name, namespace = '', uid } = metadata;
    const own = { name, namespace, ...(uid === undefined ? {} : { uid }) };
    const said = Object.keys(status).length === 0 ? {} : { status };
    try {
      await this.#options.client.apply(
        { apiVersion, kind, metadata: own, ...said },
        { manager: FIELD_MANAGERS.status, force: true, subresource: 'status', signal },
      );
    } catch (error) {
      // It was deleted, and perhaps made anew: that one gets its own.
      if (!(error instanceof KubeError && (error.isNotFound || error.isConflict))) throw error;
    }
  }

  #tell(object: KubeObject, events: readonly ReconcileEvent[]): void {
    for (const { type, reason, message } of events)
      this.#options.events.record(object, { type, reason, action: ACTION, note: message });
  }
}

/** Everything that would be written, in short. */
function fingerprint({ takeOver, transfers, remove, apply, annotate }: Reconciled): string {
  return JSON.stringify([
    takeOver,
    transfers,
    remove.map(({ uid }) => uid),
    apply.map(({ object, how }) => [
      how,
      object.kind,
      object.metadata.name,
      object.metadata.annotations?.[ANNOTATIONS.intent],
    ]),
    annotate,
  ]);
}

/** Of what is wanted, and of who says that it is ours. */
function versionOf({ object, namespaceLabels }: Observed): string {
  const { uid, generation, labels } = object.metadata;
  const key = SELDON_LABELS.controllerId;
  return JSON.stringify([uid, generation, labels?.[key], namespaceLabels[key]]);
}

/** The responses of the pods bring the next turn, which writes what they are. */
function canWait({ ask, status }: Reconciled, object: KubeObject): boolean {
  return ask.length > 0 && status !== undefined && differsInPlansAlone(status, statusOf(object));
}
