// One request on its way through a graph: the exchange, the decisions made, and the one reply. The lines of
// operations that it runs are in `line.ts`.
import type { CallHandle } from '../contract/calls.ts';
import type { Exchange, Outcome } from '../contract/exchange.ts';
import type { Message } from '../contract/message.ts';
import type { Routing } from '../../dialects/seldon/dialect.ts';
import type { LineOwner, ProgramDeps, WalkPlan } from './context.ts';
import { NOT_REACHED, routingHeader, routingMap } from './decisions.ts';
import type { Routed } from './feedback-routing.ts';
import { Line } from './line.ts';
import type { PreparedCall } from './ops.ts';
import { type Fault, faultOutcome } from './outcome.ts';
import { OVERLOADED, type Read, type ReadContext, readMessages } from './read.ts';

export class Walk implements LineOwner {
  readonly plan: WalkPlan;
  readonly deps: ProgramDeps;
  readonly exchange: Exchange;
  readonly choices: Int32Array | null;
  readonly #root: Line;
  #reading: ReadContext | null = null;
  /** Writes the decisions into the answer that is due. */
  #writing: CallHandle | null = null;
  #listens = false;
  #over = false;

  /** `routed`: the branches of a feedback, null for a prediction. */
  constructor(plan: WalkPlan, deps: ProgramDeps, exchange: Exchange, routed: Routed | null) {
    this.plan = plan;
    this.deps = deps;
    this.exchange = exchange;
    this.choices =
      routed?.choices ??
      (plan.keepsChoices ? new Int32Array(plan.decisions.names.length).fill(NOT_REACHED) : null);
    this.#root = new Line(this, null, 0, plan.start, routed?.message ?? exchange.message);
  }

  start(): void {
    this.#root.run();
  }

  listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    this.exchange.onCancel(() => {
      this.#over = true;
      this.#root.cancel();
      this.#writing?.cancel();
    });
  }

  get reading(): ReadContext {
    const { dialect, maxAnswerBytes } = this.plan;
    this.#reading ??= {
      dialect,
      maxBytes: maxAnswerBytes,
      memory: this.exchange,
      log: this.deps.log,
    };
    return this.#reading;
  }

  get over(): boolean {
    return this.#over;
  }

  fail(fault: Fault): void {
    if (this.#over) return;
    this.#over = true;
    this.#reply(faultOutcome(fault, this.plan.transport, this.#routing()));
  }

  tail(call: PreparedCall, message: Message): void {
    if (this.#over) return;
    this.#over = true;
    this.#reply({
      kind: 'tail',
      key: call.tailKey ?? '',
      path: call.path,
      message,
      routing: this.#routing(),
    });
  }

  finish(message: Message): void {
    if (this.#over) return;
    const map = this.#mapFor(message);
    if (map === null) {
      this.#answer(message);
      return;
    }
    const task = { kind: 'write-routing', routing: map } as const;
    const take = (read: Read<'write-routing'> | Fault): void => {
      // An answer that cannot be read stays as it is.
      if (read.kind === 'read') {
        const plain = read.plain[0] as Message;
        this.#answer(read.result === plain.body ? message : { ...plain, body: read.result });
      } else if (read === OVERLOADED) this.fail(read);
      else this.#answer(message);
    };
    const read = readMessages(
      this.reading,
      task,
      [message],
      () => 'the answer',
      (later) => {
        if (!this.#over) take(later);
      },
    );
    if ('cancel' in read) {
      this.listen();
      this.#writing = read;
    } else take(read);
  }

  #answer(message: Message): void {
    this.#over = true;
    const status = message.head?.status ?? 200;
    this.#reply({ kind: 'answer', status, message, routing: this.#routing() });
  }

  #reply(outcome: Outcome): void {
    this.deps.observer?.replied?.(this.exchange, outcome);
    this.exchange.reply(outcome);
  }

  #routing(): string {
    return routingHeader(this.plan.decisions, this.choices);
  }

  /** What is to be written into the answer as `meta.routing`; null for nothing. */
  #mapFor(message: Message): Routing | null {
    const { routingInBody, transport, decisions } = this.plan;
    if (!routingInBody || this.choices === null) return null;
    if (message.body.length === 0 && transport === 'rest') return null;
    return routingMap(decisions, this.choices);
  }
}
