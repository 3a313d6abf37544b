// Feedback over one transport of one plan: where its branches come from (`read-feedback.ts`), the walk over them, and what is made of
// its end. What was recalled by puid counts as given once the units have taken it; until then it may come again, and a client that is
// told that they did not may come again at once.
import { unitNameOf } from '../../graph/plan/queries.ts';
import type { Messages } from '../../dialects/dialect.ts';
import type { Plan, Step, Transport } from '../../graph/plan/plan.ts';
import type { CallHandle } from '../contract/calls.ts';
import type { Exchange, Outcome } from '../contract/exchange.ts';
import type { PlanLessons } from '../feedback/lessons.ts';
import type { Recaller } from '../feedback/recaller.ts';
import type { FeedbackResult } from '../feedback/results.ts';
import type { FeedbackTally } from '../feedback/totals.ts';
import type { FeedbackDesk, ProgramDeps, Routed, WalkPlan } from './context.ts';
import { ALL, NONE } from './decisions.ts';
import type { Branches, FeedbackGraph, ReadFeedback } from './feedback-graph.ts';
import { type Fault, faultOutcome } from './outcome.ts';
import type { ReadContext } from './read.ts';
import { FeedbackReader, invalid } from './read-feedback.ts';
import { Walk } from './walk.ts';

export interface FeedbackParts {
  readonly plan: Plan;
  readonly transport: Transport;
  readonly messages: Messages;
  readonly maxBodyBytes: number;
  /** The walk whose last call may be Envoy's, and the one that waits for all of them. */
  readonly walk: WalkPlan;
  readonly wholeWalk: WalkPlan;
  readonly deps: ProgramDeps;
  /** Whether any unit chooses among its children. */
  readonly decides: boolean;
  /** Counts what units got; undefined where nobody does. */
  readonly tally: FeedbackTally | undefined;
  /** Teaches the routers that learn. */
  readonly lessons: PlanLessons;
}

/** So much of a value that is no choice is quoted. */
const MAX_QUOTED = 200;

export class FeedbackRoute implements FeedbackGraph {
  readonly plan: Plan;
  readonly transport: Transport;
  readonly decides: boolean;
  readonly #parts: FeedbackParts;
  readonly #parents: readonly Parent[];
  readonly #desk: FeedbackDesk | undefined;

  constructor(parts: FeedbackParts) {
    this.plan = parts.plan;
    this.transport = parts.transport;
    this.decides = parts.decides;
    this.#parts = parts;
    this.#parents = listParents(parts.plan);
    this.#desk = parts.deps.feedback;
    this.#desk?.graphs.open(this);
  }

  close(): void {
    this.#desk?.graphs.close(this);
  }

  /** The copy that a shadow gets must not take the puid from the feedback itself. */
  get recaller(): Recaller | undefined {
    if (this.plan.isShadow === true) return undefined;
    return this.#desk?.memory.isOn === true ? this.#desk.recaller : undefined;
  }

  handle(exchange: Exchange): void {
    const reader = new FeedbackReader(this, exchange, (read) => {
      if ('kind' in read) this.#fail(exchange, read);
      else read.graph.give(exchange, read);
    });
    exchange.onCancel(() => reader.cancel());
    reader.start();
  }

  reading(exchange: Exchange): ReadContext {
    const { messages, maxBodyBytes, deps } = this.#parts;
    return { messages, maxBytes: maxBodyBytes, memory: exchange, log: deps.log };
  }

  choose(said: Readonly<Record<string, unknown>>): Branches | Fault {
    const choices = new Int32Array(this.plan.units.length).fill(ALL);
    const routing: Record<string, number> = {};
    for (const { unit, name, children } of this.#parents) {
      if (!Object.hasOwn(said, name)) continue;
      const choice = said[name];
      if (!Number.isInteger(choice) || Number(choice) < NONE || Number(choice) >= children) {
        const text = JSON.stringify(choice)?.slice(0, MAX_QUOTED);
        return invalid(`routing of unit "${name}" is ${text}, it has ${children} children`);
      }
      choices[unit] = Number(choice);
      routing[name] = Number(choice);
    }
    return { choices, routing };
  }

  graphOf(predictor: string): FeedbackGraph | undefined {
    if (predictor === this.plan.predictor) return this;
    return this.#desk?.graphs.find(predictor, this.transport);
  }

  /** Copies were counted where they come from. */
  count(result: FeedbackResult): void {
    if (this.#desk !== undefined && this.plan.isShadow !== true) this.#desk.results[result]++;
  }

  #fail(exchange: Exchange, fault: Fault): void {
    const { transport, walk } = this.#parts;
    if (!exchange.cancelled)
      exchange.reply(faultOutcome(fault, transport, walk.dialect.layoutHeader, ''));
  }

  give(exchange: Exchange, read: ReadFeedback): void {
    const { walk, wholeWalk, deps, lessons } = this.#parts;
    const { choices, message, recalled } = read;
    const routed: Routed = {
      choices,
      message,
      ended: (outcome, reply) => {
        if (wasTaken(outcome)) this.#taken(read);
        else if (this.#failed(read, reply) !== undefined) return;
        reply();
      },
      left: () => void this.#failed(read, () => {}),
    };
    // How a call of Envoy's ends is not seen here.
    const mustEnd = recalled !== undefined || lessons.any;
    new Walk(mustEnd ? wholeWalk : walk, deps, exchange, routed).start();
  }

  #taken({ choices, reward, rows, recalled }: ReadFeedback): void {
    if (reward !== undefined) this.#parts.tally?.add(choices, reward);
    this.#parts.lessons.add(choices, reward ?? Number.NaN, rows);
    // A copy recalls nothing: it is the feedback itself, though the predictor may be a shadow by now.
    if (recalled !== undefined && this.#desk !== undefined) this.#desk.results.given++;
  }

  /** It may come again when `later` is called, or at once where the result is undefined. */
  #failed({ recalled }: ReadFeedback, later: () => void): CallHandle | undefined {
    if (recalled === undefined || this.#desk === undefined) return undefined;
    this.#desk.results.failed++;
    return this.#desk.recaller.release(recalled, later);
  }
}

/** Of the last call Envoy knows how it ends, and nobody here. */
function wasTaken(outcome: Outcome): boolean {
  return outcome.kind === 'tail' || (outcome.kind === 'response' && outcome.status < 300);
}

/** A unit with children. */
interface Parent {
  readonly unit: number;
  readonly name: string;
  readonly children: number;
}

function listParents(plan: Plan): Parent[] {
  const parents: Parent[] = [];
  const visit = (step: Step): void => {
    const name = unitNameOf(plan, step.unit);
    if (step.children.length > 0) {
      parents.push({ unit: step.unit, name, children: step.children.length });
    }
    step.children.forEach(visit);
  };
  visit(plan.walk);
  return parents;
}
