// Payload logs and traces of a process. Their code is loaded with the first plan that has some, as most have none: it takes half a
// megabyte of each worker.
import type { Plan } from '../../graph/plan/plan.ts';
import type { Log } from '../../lib/runtime/log.ts';
import type { CallObserver } from '../contract/call-observer.ts';
import type { PayloadSink } from '../contract/payload-sink.ts';
import type { EventCounts, EventSender, SinkCounts } from '../payload-log/event-sender.ts';
import type { Tracers } from '../tracing/tracers.ts';

type Events = typeof import('../payload-log/events.ts');

export interface SignalsOptions {
  readonly log: Log;
  /** The environment, which says how brokers of Kafka are spoken to. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The URL under which the graph itself is served. */
  readonly source: string;
}

export class Signals {
  readonly #options: SignalsOptions;
  #payloads: { readonly sender: EventSender; readonly events: Events } | undefined;
  #tracers: Tracers | undefined;

  constructor(options: SignalsOptions) {
    this.#options = options;
  }

  /** Before the programs of plans are compiled; one deployment after the other. */
  async load(plans: readonly Plan[]): Promise<void> {
    const { log, variables } = this.#options;
    if (plans.some(({ units }) => units.some(({ logs }) => logs !== undefined))) {
      if (this.#payloads === undefined) {
        const [{ EventSender }, events] = await Promise.all([
          import('../payload-log/event-sender.ts'),
          import('../payload-log/events.ts'),
        ]);
        this.#payloads = { sender: new EventSender(log, variables), events };
      }
      await this.#payloads.sender.load(plans);
    }
    if (plans.some(({ tracing }) => tracing !== undefined)) {
      if (this.#tracers === undefined) {
        const { Tracers } = await import('../tracing/tracers.ts');
        this.#tracers = new Tracers(log);
      }
      await this.#tracers.load(plans);
    }
  }

  /** Undefined for a plan that logs nothing. */
  payloadsOf(plan: Plan): PayloadSink | undefined {
    const payloads = this.#payloads;
    return payloads?.events.preparePayloads(plan, payloads.sender, this.#options.source);
  }

  /** Undefined for a plan without traces. */
  tracesOf(plan: Plan): CallObserver | undefined {
    return this.#tracers?.prepare(plan);
  }

  /** Undefined before there was a plan that logs. */
  counts(): EventCounts | undefined {
    return this.#payloads?.sender.counts();
  }

  /** Of each sink of payload logs. */
  sinkCounts(): readonly SinkCounts[] {
    return this.#payloads?.sender.sinkCounts() ?? [];
  }

  /** Sends what waits, as far as that goes in time. */
  async close(): Promise<void> {
    await Promise.all([this.#tracers?.close(), this.#payloads?.sender.close()]);
  }
}
