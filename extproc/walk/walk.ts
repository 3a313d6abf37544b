// One request on its way through a graph: the exchange, the decisions made, and the one reply. The lines of
// operations that it runs are in `line.ts`.
import type { CallObserver } from '../contract/call-observer.ts';
import type { CallHandle } from '../contract/calls.ts';
import type { Exchange, Outcome } from '../contract/exchange.ts';
import type { Message } from '../contract/message.ts';
import type { LastCall, Routing } from '../../dialects/dialect.ts';
import { streamKey } from '../../graph/plan/names.ts';
import type { Asked, LineOwner, ProgramDeps, Routed, WalkPlan } from './context.ts';
import { NOT_REACHED, routingHeader, routingMap } from './decisions.ts';
import { Line } from './line.ts';
import { joined } from './merge.ts';
import type { PreparedCall } from './ops.ts';
import { type Fault, faultOutcome } from './outcome.ts';
import { applyEdits } from '../../dialects/payload.ts';
import { OVERLOADED, type Read, type ReadContext, readMessages } from './read.ts';

const NOT_LAST: Fault = {
  kind: 'error',
  code: 'STREAM_NOT_LAST',
  info: 'the last call of this request is not that of a model, or something is left to do after it',
};

export class Walk implements LineOwner {
  readonly plan: WalkPlan;
  readonly deps: ProgramDeps;
  readonly exchange: Exchange;
  readonly asked: Asked | undefined;
  readonly choices: Int32Array | undefined;
  readonly #routed: Routed | undefined;
  readonly #root: Line;
  #observer: CallObserver | undefined;
  /** It is asked for before the first call, and once. */
  #hasAsked = false;
  #reading: ReadContext | undefined;
  /** Writes the decisions into the response that is due. */
  #writing: CallHandle | undefined;
  #listens = false;
  #over = false;

  /** `routed`: the branches of a feedback, undefined for a prediction. */
  constructor(plan: WalkPlan, deps: ProgramDeps, exchange: Exchange, routed: Routed | undefined) {
    this.plan = plan;
    this.deps = deps;
    this.exchange = exchange;
    this.asked = plan.asked === undefined ? undefined : plan.asked(exchange);
    this.#routed = routed;
    this.choices =
      routed?.choices ??
      (plan.keepsChoices
        ? new Int32Array(plan.decisions.names.length).fill(NOT_REACHED)
        : undefined);
    this.#root = new Line(this, plan.start, routed?.message ?? exchange.message);
  }

  start(): void {
    this.#root.run();
  }

  listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    this.exchange.onCancel(() => {
      if (!this.#over) this.#routed?.left();
      this.#over = true;
      this.#root.cancel();
      this.#writing?.cancel();
    });
  }

  get observer(): CallObserver | undefined {
    if (!this.#hasAsked) {
      this.#hasAsked = true;
      const { observer } = this.deps;
      this.#observer =
        observer?.forRequest === undefined ? observer : observer.forRequest(this.exchange);
    }
    return this.#observer;
  }

  get reading(): ReadContext {
    const { messages, maxAnswerBytes } = this.plan;
    this.#reading ??= {
      messages,
      maxBytes: maxAnswerBytes,
      memory: this.exchange,
      log: this.deps.log,
    };
    return this.#reading;
  }

  pathOf(call: PreparedCall): string {
    const { asked } = this;
    if (asked === undefined) return call.path;
    const isOwn =
      asked.model === undefined || (asked.unit !== undefined && asked.unit !== call.unit);
    if (asked.last?.everywhere && call.verb === 'predict') {
      return asked.last.pathOf(isOwn ? call.segment : (asked.model ?? ''));
    }
    return isOwn || call.pathOf === undefined ? call.path : call.pathOf(asked.model ?? '');
  }

  modelOf(call: PreparedCall): string {
    const { asked } = this;
    return asked === undefined || asked.model === undefined || asked.unit !== undefined
      ? call.model
      : asked.model;
  }

  fits(call: PreparedCall): boolean {
    return call.fits && (this.asked?.last?.fits ?? true);
  }

  record(unit: number, choice: number): void {
    if (this.choices !== undefined) this.choices[unit] = choice;
  }

  get over(): boolean {
    return this.#over;
  }

  fail(fault: Fault): void {
    if (this.#over) return;
    this.#over = true;
    const { transport, dialect } = this.plan;
    this.#reply(faultOutcome(fault, transport, dialect.layoutHeader, this.#routing()));
  }

  tail(call: PreparedCall, message: Message): void {
    if (this.#over) return;
    const last = this.asked?.last;
    if (last !== undefined && call.verb !== 'predict' && !last.everywhere) {
      this.fail(NOT_LAST);
      return;
    }
    this.#over = true;
    this.#remember();
    const key = call.tailKey ?? '';
    this.#reply({
      kind: 'tail',
      key: last === undefined || call.verb !== 'predict' ? key : streamKey(key),
      path:
        last === undefined || call.verb !== 'predict'
          ? this.pathOf(call)
          : this.#lastPath(call, last),
      message,
      routing: this.#routing(),
      ...(last === undefined || this.plan.transport === 'rest'
        ? {}
        : { later: (body: Buffer) => this.#later(call, body) }),
    });
  }

  /** A further message of a stream, under the unit's name. */
  #later(call: PreparedCall, body: Buffer): Buffer {
    const payload = { body, contentType: undefined, layout: undefined };
    const fit = this.plan.messages.requests?.fit(payload, this.modelOf(call), false);
    return fit === undefined || 'code' in fit ? body : Buffer.concat(applyEdits(body, fit.edits));
  }

  #lastPath(call: PreparedCall, last: LastCall): string {
    const { asked } = this;
    const isOwn = asked === undefined || asked.model === undefined;
    const isOther = asked !== undefined && asked.unit !== undefined && asked.unit !== call.unit;
    return last.pathOf(isOwn || isOther ? call.segment : (asked.model ?? ''));
  }

  finish(ended: Message): void {
    if (this.#over) return;
    if (this.asked?.last?.everywhere === false) {
      this.fail(NOT_LAST);
      return;
    }
    const message = ended === this.exchange.message ? this.#ownResponse(ended) : ended;
    if ('kind' in message) {
      this.fail(message);
      return;
    }
    const map = this.#mapFor(message);
    if (map === undefined) {
      this.#answer(message);
      return;
    }
    const task = { kind: 'write-routing', routing: map } as const;
    const take = (read: Read<'write-routing'> | Fault): void => {
      // A response that cannot be read stays as it is.
      if (read.kind === 'read') {
        const plain = read.plain[0] as Message;
        const { body } = read.result;
        this.#answer(body === plain.body ? message : { ...plain, body });
      } else if (read === OVERLOADED) this.fail(read);
      else this.#answer(message);
    };
    const read = readMessages(
      this.reading,
      task,
      [message],
      () => 'the response',
      (later) => {
        if (!this.#over) take(later);
      },
    );
    if ('cancel' in read) {
      this.listen();
      this.#writing = read;
    } else take(read);
  }

  /** The client's own message as a response, where the protocol's responses look otherwise. */
  #ownResponse(message: Message): Message | Fault {
    const edits = this.plan.messages.requests?.asResponse(message);
    if (edits === undefined) return message;
    const body = joined(applyEdits(message.body, edits.edits), this.exchange);
    if ('kind' in body) return body;
    return { ...message, body, contentType: edits.contentType, layout: edits.layout };
  }

  #answer(message: Message): void {
    this.#over = true;
    this.#remember();
    const status = message.head?.status ?? 200;
    this.#reply({ kind: 'response', status, message, routing: this.#routing() });
  }

  /** Notes the branches under the request's id, so that feedback can follow them. */
  #remember(): void {
    const { remember } = this.plan;
    if (remember !== undefined && this.choices !== undefined)
      remember(this.exchange.headers, this.choices);
  }

  #reply(outcome: Outcome): void {
    if (this.#routed === undefined) this.#send(outcome);
    else
      this.#routed.ended(outcome, () => {
        if (!this.exchange.cancelled) this.#send(outcome);
      });
  }

  #send(outcome: Outcome): void {
    this.observer?.replied?.(this.exchange, outcome);
    this.exchange.reply(outcome);
  }

  #routing(): string {
    return routingHeader(this.plan.decisions, this.choices);
  }

  /** What is to be written into the response as `meta.routing`; undefined for nothing. */
  #mapFor(message: Message): Routing | undefined {
    const { routingInBody, transport, decisions } = this.plan;
    if (!routingInBody || this.choices === undefined) return undefined;
    if (message.body.length === 0 && transport === 'rest') return undefined;
    return routingMap(decisions, this.choices);
  }
}
