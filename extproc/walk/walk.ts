// One request on its way through a graph: the exchange, the decisions made, and the one reply. The lines of
// operations that it runs are in `line.ts`.
import type { Transport } from '../../graph/plan.ts';
import type { Exchange } from '../exchange.ts';
import type { Message } from '../message.ts';
import type { Dialect } from '../seldon/dialect.ts';
import { type DecisionTable, NOT_REACHED, routingHeader, routingMap } from './decisions.ts';
import { decodeMessage } from './decode.ts';
import type { Routed } from './feedback-routing.ts';
import { Line } from './line.ts';
import type { Op, PreparedCall } from './ops.ts';
import { type Fault, faultOutcome } from './outcome.ts';
import type { ProgramDeps } from './program.ts';

/** What all walks of one kind of request share. */
export interface WalkPlan {
  readonly transport: Transport;
  readonly dialect: Dialect;
  readonly start: Op | null;
  readonly decisions: DecisionTable;
  /** Decisions are kept: a unit decides, or the answer's body lists all units. */
  readonly keepsChoices: boolean;
  readonly routingInBody: boolean;
  readonly maxAnswerBytes: number;
  readonly deps: ProgramDeps;
}

export class Walk {
  readonly plan: WalkPlan;
  readonly exchange: Exchange;
  /** One entry a unit; null when nobody asks. */
  readonly choices: Int32Array | null;
  readonly #root: Line;
  #listens = false;
  #over = false;

  /** `routed`: the branches of a feedback, null for a prediction. */
  constructor(plan: WalkPlan, exchange: Exchange, routed: Routed | null) {
    this.plan = plan;
    this.exchange = exchange;
    this.choices =
      routed?.choices ??
      (plan.keepsChoices ? new Int32Array(plan.decisions.names.length).fill(NOT_REACHED) : null);
    this.#root = new Line(this, null, 0, plan.start, routed?.message ?? exchange.message);
  }

  start(): void {
    this.#root.run();
  }

  /** Before the first side call: the client's going away ends all calls. */
  listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    this.exchange.onCancel(() => {
      this.#over = true;
      this.#root.cancel();
    });
  }

  get over(): boolean {
    return this.#over;
  }

  fail(fault: Fault): void {
    if (this.#over) return;
    this.#over = true;
    this.exchange.reply(faultOutcome(fault, this.plan.transport, this.#routing()));
  }

  /** Hands the last call to Envoy. */
  tail(call: PreparedCall, message: Message): void {
    if (this.#over) return;
    this.#over = true;
    this.exchange.reply({
      kind: 'tail',
      key: call.tailKey ?? '',
      path: call.path,
      message,
      routing: this.#routing(),
      acceptEncoding: true,
    });
  }

  /** Answers with the message that the walk ended with. */
  finish(message: Message): void {
    if (this.#over) return;
    this.#over = true;
    this.exchange.reply({
      kind: 'answer',
      status: message.head?.status ?? 200,
      message: this.plan.routingInBody ? this.#withRouting(message) : message,
      routing: this.#routing(),
    });
  }

  #routing(): string {
    return routingHeader(this.plan.decisions, this.choices);
  }

  /** The answer with `meta.routing`; as it is where it cannot be read. */
  #withRouting(message: Message): Message {
    if (this.choices === null || (message.body.length === 0 && this.plan.transport === 'rest'))
      return message;
    const plain = decodeMessage(message, this.plan.maxAnswerBytes, 'the answer');
    if ('kind' in plain) return message;
    const map = routingMap(this.plan.decisions, this.choices);
    const body = this.plan.dialect.writeRouting(plain.body, map);
    return body === plain.body ? message : { ...plain, body };
  }
}
