// One turn of the loop for one SeldonDeployment: observe, decide, carry out, tell. Everything that it knows it reads afresh, so
// a turn that is cut short anywhere is made good by the next one.
import { isDeepStrictEqual } from 'node:util';
import type { Log } from '../../extproc/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { describeError, KubeError } from '../kube/error.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { KubeObject } from '../kube/object.ts';
import type { Outcome } from '../kube/queue.ts';
import { DONE } from '../kube/queue.ts';
import { FIELD_MANAGERS } from '../names.ts';
import { withFailure } from '../status/failure.ts';
import type { PlanBook } from './ask-plans.ts';
import type { EventNote, ReconcileConfig, Reconciled, ReconcileInput } from './contract.ts';
import { readOptions } from '../read/reader.ts';
import type { Reader } from '../read/reader.ts';
import { readObject } from './check-object.ts';
import { observe } from './observe.ts';
import { perform } from './perform.ts';
import { reconcile } from './reconcile.ts';
import { statusOf } from './fields.ts';
import { differsInPlansAlone } from './hold-status.ts';
import type { Sources } from './sources.ts';
import { SpecVersions } from './spec-versions.ts';

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

export class Reconciler {
  readonly #options: ReconcilerOptions;
  /** Deployments that wait for gateways. */
  readonly #waiting = new Set<string>();
  readonly #versions = new SpecVersions();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  get waitingForGateways(): Iterable<string> {
    return this.#waiting;
  }

  async work(key: string, signal: AbortSignal): Promise<Outcome> {
    const { sources, reader, plans, config, now } = this.#options;
    const object = sources.deployment(key);
    this.#waiting.delete(key);
    if (object === undefined) {
      this.#versions.forget(key);
      return DONE;
    }
    const loaded = await readObject(object, reader, readOptions(config));
    const input = observe(object, loaded, sources, plans.plans, this.#versions, config, now());
    const result = await this.#decide(input, signal);
    if (!result.isOurs) {
      this.#tell(object, result.events);
      return DONE;
    }
    try {
      await perform(object, result, {
        client: this.#options.client,
        tell: (event) => this.#tell(object, [event]),
        signal,
      });
    } catch (error) {
      return await this.#fail(object, result, error, signal);
    }
    if (!canWait(result, object)) await this.#writeStatus(object, result.status, signal);
    this.#tell(object, result.events);
    plans.ask(key, result.ask, signal);
    if (result.requeueAfterMs === null) return DONE;
    this.#waiting.add(key);
    return { kind: 'retry-after', ms: result.requeueAfterMs };
  }

  /** What is not watched is looked up: an object without our labels may hold a name that we need. */
  async #decide(input: ReconcileInput, signal: AbortSignal): Promise<Reconciled> {
    const first = reconcile(input);
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
  ): Promise<Outcome> {
    // A server's own trouble that it has words for (no address left, a webhook that fails) is told as well.
    const isTold = error instanceof KubeError && (!error.isTransient || error.status === 500);
    if (!isTold) throw error;
    // The namespace, or the object itself, is on its way out.
    if (error.isNotFound || /being terminated/.test(error.message))
      return { kind: 'retry', reason: describeError(error) };
    // Quotas, rights and the server's trouble change without the object.
    const isTerminal = error.status !== 403 && error.status !== 500;
    const words = describeError(error);
    const status = withFailure(result.status ?? {}, words, isTerminal);
    await this.#writeStatus(object, status, signal);
    const reason = isTerminal ? 'Refused' : 'NotApplied';
    this.#tell(object, [{ type: 'Warning', reason, message: words }]);
    return { kind: isTerminal ? 'terminal' : 'retry', reason: words };
  }

  /** Nothing is written where it says so already. */
  async #writeStatus(
    object: KubeObject,
    status: Reconciled['status'],
    signal: AbortSignal,
  ): Promise<void> {
    if (status === null || isDeepStrictEqual(status, object['status'])) return;
    const { apiVersion, kind, metadata } = object;
    const { name, namespace = '', uid } = metadata;
    const own = { name, namespace, ...(uid === undefined ? {} : { uid }) };
    try {
      await this.#options.client.apply(
        { apiVersion, kind, metadata: own, status },
        { manager: FIELD_MANAGERS.status, force: true, subresource: 'status', signal },
      );
    } catch (error) {
      // It was deleted, and perhaps made anew: that one gets its own.
      if (!(error instanceof KubeError && (error.isNotFound || error.isConflict))) throw error;
    }
  }

  #tell(object: KubeObject, events: readonly EventNote[]): void {
    for (const { type, reason, message } of events)
      this.#options.events.record(object, { type, reason, action: ACTION, note: message });
  }
}

/** The answers of the pods bring the next turn, which writes what they are. */
function canWait({ ask, status }: Reconciled, object: KubeObject): boolean {
  return ask.length > 0 && status !== null && differsInPlansAlone(status, statusOf(object));
}
