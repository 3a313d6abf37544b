// A line of operations on its way: the request's own, or one branch of a fan-out. It has a message, the operation that
// comes next, and at most one call (or one set of branches) in flight. A line that ends hands its message, or its
// fault, to the line that it branched from, or to the walk.
import { toFault } from './fault.ts';
import type { CallHandle, CallResult } from '../calls.ts';
import type { Message } from '../message.ts';
import { ALL, NONE } from './decisions.ts';
import { decodeMessage } from './decode.ts';
import { averageOf, joined, joinedBody, simpleAnswer } from './merge.ts';
import type { Op, PreparedCall } from './ops.ts';
import { type Fault, messageOf, observedStatus } from './outcome.ts';
import type { Walk } from './walk.ts';

type ChooseOp = Extract<Op, { kind: 'choose' }>;

export class Line {
  readonly #walk: Walk;
  readonly #parent: Line | null;
  /** Position among the branches that were started together. */
  readonly #slot: number;
  #op: Op | null;
  #message: Message;

  #calling: PreparedCall | null = null;
  #calledAt = 0;
  #handle: CallHandle | null = null;
  #calls = 0;
  readonly #done = (result: CallResult): void => this.#answered(result);

  #branches: Line[] | null = null;
  #pending = 0;
  /** Of each branch: its answer, or why there is none. */
  #answers: (Message | Fault)[] = [];
  /** Name of the unit at the head of each branch that was started. */
  #branchNames: readonly string[] = [];

  constructor(walk: Walk, parent: Line | null, slot: number, op: Op | null, message: Message) {
    this.#walk = walk;
    this.#parent = parent;
    this.#slot = slot;
    this.#op = op;
    this.#message = message;
  }

  /** Goes on until a call is in flight or the line has ended. Never throws. */
  run(): void {
    try {
      while (this.#step());
    } catch (error) {
      this.#fail(toFault(error, this.#walk.plan.deps.log));
    }
  }

  cancel(): void {
    this.#handle?.cancel();
    if (this.#branches !== null) for (const branch of this.#branches) branch.cancel();
  }

  /** One operation; whether the next can follow at once. */
  #step(): boolean {
    const op = this.#op;
    if (op === null) {
      this.#end(this.#message);
      return false;
    }
    switch (op.kind) {
      case 'call':
        if (op.marks) this.#record(op.call.unit, ALL);
        this.#callOrTail(op, op.call);
        return false;
      case 'choose':
        return this.#choose(op);
      case 'aggregate':
        return this.#aggregate(op);
      case 'average':
        return this.#go(
          op,
          averageOf(this.#walk.plan, this.#answers as Message[], this.#branchNames),
        );
      case 'simple-model':
        this.#record(op.unit, ALL);
        return this.#go(op, simpleAnswer(this.#walk.plan, this.#message));
      case 'acknowledge':
        return this.#go(op, this.#acknowledgement());
    }
  }

  /** Takes a message that was made without a call. */
  #go(op: Op, made: Message | Fault): boolean {
    if ('kind' in made) {
      this.#fail(made);
      return false;
    }
    this.#message = made;
    this.#op = op.next;
    return true;
  }

  #acknowledgement(): Message {
    const { transport, dialect } = this.#walk.plan;
    if (transport === 'rest') return this.#walk.exchange.message;
    return { body: dialect.empty, contentType: null, contentEncoding: null, head: null };
  }

  /** Whether the call is the request's last one, so that Envoy makes it. Within a fan-out none is. */
  #isLast(op: Extract<Op, { kind: 'call' | 'aggregate' }>): boolean {
    return op.mayTail && op.next === null && this.#parent === null && op.call.tailKey !== null;
  }

  #callOrTail(op: Extract<Op, { kind: 'call' | 'aggregate' }>, call: PreparedCall): void {
    if (this.#isLast(op)) {
      this.#walk.tail(call, this.#message);
    } else {
      this.#call(call, this.#message.body);
    }
  }

  #aggregate(op: Extract<Op, { kind: 'aggregate' }>): boolean {
    const answers = this.#answers as Message[];
    const body = joinedBody(this.#walk.plan, answers, this.#branchNames);
    if ('kind' in body) {
      this.#fail(body);
      return false;
    }
    const contentType = answers[0]?.contentType ?? null;
    if (this.#isLast(op)) {
      const message = {
        body: joined(body, this.#walk.exchange),
        contentType,
        contentEncoding: null,
        head: null,
      };
      this.#walk.tail(op.call, message);
      return false;
    }
    this.#message = { body: Buffer.alloc(0), contentType, contentEncoding: null, head: null };
    this.#call(op.call, body);
    return false;
  }

  #call(call: PreparedCall, body: Buffer | readonly Buffer[]): void {
    const walk = this.#walk;
    const { deps } = walk.plan;
    walk.listen();
    const { headers } = walk.exchange;
    const { client } = call;
    this.#calling = call;
    if (deps.observe !== undefined) this.#calledAt = deps.now();
    const turn = ++this.#calls;
    const handle = client.call(
      {
        path: call.path,
        headers:
          client.headerForm === 'http1' ? headers.http1Block(call.readable) : headers.hpackBlock(),
        contentType: this.#message.contentType,
        contentEncoding: this.#message.contentEncoding,
        body,
        timeoutMs: call.timeoutMs,
        maxAnswerBytes: call.maxAnswerBytes,
        memory: walk.exchange,
        replaceable: call.replaceable,
      },
      this.#done,
    );
    // A client may answer at once, and this line be at its next call by now.
    if (turn === this.#calls && this.#calling !== null) this.#handle = handle;
  }

  #answered(result: CallResult): void {
    const call = this.#calling;
    if (call === null || this.#walk.over) return;
    this.#calling = null;
    this.#handle = null;
    try {
      this.#take(call, result);
    } catch (error) {
      this.#fail(toFault(error, this.#walk.plan.deps.log));
    }
  }

  #take(call: PreparedCall, result: CallResult): void {
    const { deps } = this.#walk.plan;
    if (deps.observe !== undefined) {
      const status = observedStatus(result, call.transport);
      deps.observe(call.unit, call.verb, call.transport, status, deps.now() - this.#calledAt);
    }
    if (result.kind === 'failure') {
      this.#fail({ kind: 'error', code: result.code, info: result.text });
      return;
    }
    if (!result.ok) {
      this.#fail({ kind: 'refusal', answer: result });
      return;
    }
    const answer = messageOf(result, call.transport);
    const op = this.#op;
    if (op?.kind === 'choose') {
      const choice = this.#readRoute(op, call, answer);
      if (typeof choice !== 'number') this.#fail(choice);
      else if (this.#enter(op, choice)) this.run();
      return;
    }
    this.#message = answer;
    this.#op = op?.next ?? null;
    this.run();
  }

  #choose(op: ChooseOp): boolean {
    switch (op.how.kind) {
      case 'route':
        if (op.ask !== null) this.#call(op.ask, this.#message.body);
        return false;
      case 'all':
        return this.#enter(op, ALL);
      case 'simple':
        return this.#enter(op, 0);
      case 'random':
        return this.#enter(op, this.#walk.plan.deps.random() < op.how.ratioA ? 0 : 1);
      case 'feedback':
        return this.#enter(op, this.#walk.choices?.[op.unit] ?? ALL);
    }
  }

  #readRoute(op: ChooseOp, call: PreparedCall, answer: Message): number | Fault {
    const { plan } = this.#walk;
    const from = `unit "${call.unitName}"`;
    const plain = decodeMessage(answer, plan.maxAnswerBytes, from);
    if ('kind' in plain) return plain;
    const choice = plan.dialect.readRoute(plain.body);
    if (typeof choice !== 'number') {
      return { kind: 'error', code: choice.code, info: `${from}: ${choice.info}` };
    }
    if (choice < NONE || choice >= op.branches.length) {
      const info = `${from} chose child ${choice}, it has ${op.branches.length}`;
      return { kind: 'error', code: 'ROUTE_OUT_OF_RANGE', info };
    }
    return choice;
  }

  /** Goes where the choice leads; whether the next operation can follow at once. */
  #enter(op: ChooseOp, choice: number): boolean {
    this.#record(op.unit, choice);
    if (choice === NONE) {
      this.#op = op.skip;
      return true;
    }
    const only = choice === ALL ? (op.branches.length === 1 ? 0 : ALL) : choice;
    if (only >= op.branches.length) {
      const info = `branch ${only} is drawn, there are ${op.branches.length}`;
      this.#fail({ kind: 'error', code: 'ROUTE_OUT_OF_RANGE', info });
      return false;
    }
    if (only !== ALL && op.next === null) {
      // Nothing is left to do after the branch: this line becomes the branch.
      this.#op = op.branches[only] ?? null;
      return true;
    }
    this.#fork(
      only === ALL ? op.branches : [op.branches[only] ?? null],
      only === ALL ? op.branchNames : [op.branchNames[only] ?? ''],
    );
    return false;
  }

  #fork(branches: readonly (Op | null)[], names: readonly string[]): void {
    this.#pending = branches.length;
    this.#answers = branches.map(() => this.#message);
    this.#branchNames = names;
    const lines = branches.map((op, slot) => new Line(this.#walk, this, slot, op, this.#message));
    this.#branches = lines;
    for (const line of lines) line.run();
  }

  /** A branch has ended. The first fault in the order of the children counts, whichever came first. */
  #join(slot: number, answer: Message | Fault): void {
    this.#answers[slot] = answer;
    if (--this.#pending > 0) return;
    this.#branches = null;
    const fault = this.#answers.find((each): each is Fault => 'kind' in each);
    if (fault !== undefined) {
      this.#fail(fault);
      return;
    }
    const op = this.#op;
    if (op?.kind !== 'choose') return;
    if (op.keep === 'first') this.#message = this.#answers[0] as Message;
    this.#op = op.next;
    this.run();
  }

  #end(message: Message): void {
    if (this.#parent === null) this.#walk.finish(message);
    else this.#parent.#join(this.#slot, message);
  }

  #fail(fault: Fault): void {
    if (this.#parent === null) this.#walk.fail(fault);
    else this.#parent.#join(this.#slot, fault);
  }

  #record(unit: number, choice: number): void {
    const { choices } = this.#walk;
    if (choices !== null) choices[unit] = choice;
  }
}
