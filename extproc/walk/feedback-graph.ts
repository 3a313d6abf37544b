// A plan as feedback over one transport sees it, and what is known of a feedback before it is given: between the reader, which finds
// its branches, and the walk.
import type { Plan, Transport } from '../../graph/plan/plan.ts';
import type { Exchange } from '../contract/exchange.ts';
import type { Message } from '../contract/message.ts';
import type { Recaller } from '../feedback/recaller.ts';
import type { FeedbackResult } from '../feedback/results.ts';
import type { Fault } from './outcome.ts';
import type { ReadContext } from './read.ts';

/** The choice of each unit by its position, and by name of those that are said. */
export interface Branches {
  readonly choices: Int32Array;
  readonly routing: Readonly<Record<string, number>>;
}

export interface ReadFeedback {
  /** Of whose predictor the branches are. */
  readonly graph: FeedbackGraph;
  readonly choices: Int32Array;
  /** What the units get. */
  readonly message: Message;
  /** NaN where it is no number; undefined where nothing of the feedback can be read. */
  readonly reward: number | undefined;
  /** Of the prediction's request. */
  readonly rows: number;
  /** The puid by which the branches were recalled; undefined where the client said them, or nobody did. */
  readonly recalled: string | undefined;
}

export interface FeedbackGraph {
  readonly plan: Plan;
  readonly transport: Transport;
  /** Whether the graph chooses among branches, so that a feedback without them is given to nobody. */
  readonly decides: boolean;
  /** Undefined where no graph of the deployment remembers requests. */
  readonly recaller: Recaller | undefined;
  reading(exchange: Exchange): ReadContext;
  /** The branches that a routing names; units that it does not name send to all their children. */
  choose(said: Readonly<Record<string, unknown>>): Branches | Fault;
  /** The same for the graph of a predictor as it is now; this very graph where it is its own. */
  graphOf(predictor: string): FeedbackGraph | undefined;
  count(result: FeedbackResult): void;
  give(exchange: Exchange, read: ReadFeedback): void;
}

/** The graphs of all plans by predictor and transport. */
export class FeedbackGraphs {
  readonly #open = new Map<string, readonly FeedbackGraph[]>();

  /** Of several plans of one predictor that of the last. */
  find(predictor: string, transport: Transport): FeedbackGraph | undefined {
    return this.#open.get(`${transport} ${predictor}`)?.at(-1);
  }

  open(graph: FeedbackGraph): void {
    const key = keyOf(graph);
    this.#open.set(key, [...(this.#open.get(key) ?? []), graph]);
  }

  close(graph: FeedbackGraph): void {
    const key = keyOf(graph);
    const left = (this.#open.get(key) ?? []).filter((each) => each !== graph);
    if (left.length === 0) this.#open.delete(key);
    else this.#open.set(key, left);
  }
}

function keyOf({ plan, transport }: FeedbackGraph): string {
  return `${transport} ${plan.predictor}`;
}
