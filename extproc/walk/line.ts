// A line of operations on its way: the request's own, or one branch of a fan-out. It has a message, the operation that
// comes next, and at most one call (`line-call.ts`) or one set of branches (`fork.ts`) in flight. A line that ends hands its message,
// or its fault, to what it is a branch of, or to the walk.
import type { CallHandle, CallResult } from '../contract/calls.ts';
import { toFault } from '../contract/internal-fault.ts';
import { type Message, ownMessage } from '../contract/message.ts';
import type { LineOwner } from './context.ts';
import { ALL, NONE } from './decisions.ts';
import { type Branch, Fork } from './fork.ts';
import { type LineOfCall, LineCall } from './line-call.ts';
import {
  acknowledgementOf,
  choiceOf,
  constantOf,
  faultOf,
  joined,
  ownBytes,
  toUnitTask,
} from './merge.ts';
import { type AggregateOp, type AverageOp, type CallOp, type ChooseOp, decides } from './ops.ts';
import type { Op, PreparedCall } from './ops.ts';
import { type Fault, faultOfCall, messageOf } from './outcome.ts';
import { OVERLOADED, type Read, readAtOnce, readMessages } from './read.ts';
import { applyEdits, type Unusable } from '../../dialects/payload.ts';
import type { Task, TaskKind } from '../reading/tasks.ts';

const READ_ROUTE = { kind: 'read-route' } as const;
const FIND_UNJOINABLE = { kind: 'find-unjoinable' } as const;
const AVERAGE = { kind: 'average' } as const;
const NO_BODY = Buffer.alloc(0);

export class Line implements Branch, LineOfCall {
  readonly #walk: LineOwner;
  /** What the line is a branch of; undefined for the request's own. */
  readonly #parent: Fork | undefined;
  /** Position among the branches that were started together. */
  readonly #slot: number;
  #op: Op | undefined;
  #message: Message;
  /** Name of the unit whose response the message is; undefined for the client's own. */
  from: string | undefined;
  /** Bytes of the request's account that are held for this line's message, or for the responses that it merges. */
  #ownBytes = 0;

  readonly #calling: LineCall;
  /** Reads messages that take a while. */
  #reading: CallHandle | undefined;
  /** The branches that were started last, those of which the next operation merges the responses. */
  #fork: Fork | undefined;

  /** `slot`: position among the branches of `parent`. `from`: whose response the message is. */
  constructor(
    walk: LineOwner,
    op: Op | undefined,
    message: Message,
    from?: string,
    parent?: Fork,
    slot = 0,
  ) {
    this.#walk = walk;
    this.#parent = parent;
    this.#slot = slot;
    this.#op = op;
    this.#message = message;
    this.from = from;
    this.#calling = new LineCall(walk, this);
  }

  /** Goes on until a call is in flight or the line has ended. Never throws. */
  run(): void {
    try {
      while (this.#step());
    } catch (error) {
      this.caught(error);
    }
  }

  cancel(): void {
    this.#calling.cancel();
    this.#reading?.cancel();
    this.#fork?.cancel();
  }

  /** One operation; whether the next can follow at once. */
  #step(): boolean {
    const op = this.#op;
    if (op === undefined) {
      this.#end(this.#message);
      return false;
    }
    switch (op.kind) {
      case 'call':
        if (op.marks) this.#walk.record(op.call.unit, ALL);
        if (op.call.isForeign) return this.#translate(op.call);
        return this.#walk.fits(op.call) ? this.#fit(op) : this.#callOrTail(op, this.#message);
      case 'choose':
        return this.#choose(op);
      case 'aggregate':
        return this.#aggregate(op);
      case 'average':
        return this.#average(op);
      case 'simple-model':
        this.#walk.record(op.unit, ALL);
        return this.#simpleModel(op);
      case 'log':
        this.#walk.deps.payloads?.log(op.unit, op.payload, this.#message, this.#walk.exchange);
        this.#op = op.next;
        return true;
      case 'acknowledge':
        return this.#go(op, acknowledgementOf(this.#walk), 0);
    }
  }

  /** Goes on with another message, for which `bytes` are held; what was held for the one before is given back. */
  #go(op: Op | undefined, message: Message, bytes: number): boolean {
    if (this.#ownBytes > 0) this.#walk.exchange.release(this.#ownBytes);
    this.#ownBytes = bytes;
    this.#message = message;
    this.#op = op?.next;
    return true;
  }

  /** What can be read of messages at once; undefined where that takes a while. */
  #readNow<K extends TaskKind>(
    task: Task<K>,
    messages: readonly Message[],
    spoken = this.#walk.plan.messages,
  ): Read<K> | Fault | undefined {
    return readAtOnce(spoken, this.#walk.exchange, task, messages);
  }

  /** Reads messages and goes on with `then`, now or later; whether the next operation can follow at once. */
  #read<K extends TaskKind>(
    task: Task<K>,
    messages: readonly Message[],
    from: (position: number) => string,
    then: (read: Read<K> | Fault) => boolean,
    spoken = this.#walk.plan.messages,
  ): boolean {
    const walk = this.#walk;
    const context = { ...walk.reading, messages: spoken };
    const read = readMessages(context, task, messages, from, (later) => {
      this.#reading = undefined;
      if (walk.over) return;
      try {
        if (then(later)) this.run();
      } catch (error) {
        this.caught(error);
      }
    });
    if (!('cancel' in read)) return then(read);
    walk.listen();
    this.#reading = read;
    return false;
  }

  /** Reads the responses of the branches; `then` is given the children's names. */
  #readResponses<K extends TaskKind>(
    task: Task<K>,
    then: (read: Read<K> | Fault, names: readonly string[]) => boolean,
  ): boolean {
    const fork = this.#fork as Fork;
    const from = (position: number): string => fork.nameOf(position);
    return this.#read(task, fork.responses, from, (read) => then(read, fork.names));
  }

  /** The mean of the responses, in the first one's place. */
  #average(op: AverageOp): boolean {
    return this.#readResponses(AVERAGE, (read, names) => this.#averaged(op, read, names));
  }

  #averaged(op: AverageOp, read: Read<'average'> | Fault, names: readonly string[]): boolean {
    if (read.kind !== 'read') return this.#fail(read);
    const made = read.result;
    if ('code' in made) return this.#fail(faultOf(made, names));
    this.#walk.exchange.release(read.unpackedBytes);
    const { head, contentEncoding } = read.plain[0] as Message;
    return this.#go(op, ownMessage(made, contentEncoding, head), read.resultBytes);
  }

  #simpleModel(op: Extract<Op, { kind: 'simple-model' }>): boolean {
    const { messages, decisions } = this.#walk.plan;
    const model = decisions.names[op.unit] ?? '';
    this.from = model;
    return this.#read(
      { kind: 'simple-model', model },
      [this.#message],
      () => 'the request',
      (read) => {
        if (read.kind === 'read') {
          this.#walk.exchange.release(read.unpackedBytes);
          return this.#go(op, ownMessage(read.result), read.resultBytes);
        }
        if (read === OVERLOADED) return this.#fail(read);
        return this.#go(op, constantOf(messages, model), 0);
      },
    );
  }

  /** Whether the call is the request's last one, so that Envoy makes it. Within a fan-out none is. */
  #isLast(op: CallOp): boolean {
    return (
      op.mayTail &&
      op.next === undefined &&
      this.#parent === undefined &&
      op.call.tailKey !== undefined
    );
  }

  /** Makes the message one that the unit takes, and calls. */
  #fit(op: CallOp): boolean {
    const message = this.#message;
    const isResponse = this.from !== undefined;
    if (!isResponse && this.#walk.plan.messages.requests?.ownFits === true) {
      return this.#callOrTail(op, message);
    }
    const task = { kind: 'fit', model: this.#walk.modelOf(op.call), isResponse } as const;
    const now = this.#readNow(task, [message]);
    if (now !== undefined) return this.#fitted(op, now);
    return this.#read(
      task,
      [message],
      () => this.#sender(),
      (read) => this.#fitted(op, read),
    );
  }

  #fitted(op: CallOp, read: Read<'fit'> | Fault): false {
    if (read.kind !== 'read') return this.#fail(read);
    const { result, plain, unpackedBytes } = read;
    if (result === undefined) {
      this.#walk.exchange.release(unpackedBytes);
      return this.#callOrTail(op, this.#message);
    }
    if ('code' in result) return this.#refuse(`unit "${this.from ?? ''}"`, result);
    this.#ownBytes += unpackedBytes;
    const { body, contentEncoding } = plain[0] as Message;
    const { edits, contentType, layout } = result;
    const said = { body: NO_BODY, contentType, layout };
    return this.#send(op, applyEdits(body, edits), ownMessage(said, contentEncoding));
  }

  #callOrTail(op: CallOp, message: Message): false {
    if (this.#isLast(op)) this.#walk.tail(op.call, message);
    else this.#call(op.call, message.body);
    return false;
  }

  /** The same with a body in pieces; `message` is without one. */
  #send(op: CallOp, pieces: readonly Buffer[], message: Message): false {
    if (this.#isLast(op)) {
      const body = joined(pieces, this.#walk.exchange);
      if ('kind' in body) return this.#fail(body);
      this.#walk.tail(op.call, { ...message, body });
      return false;
    }
    this.#message = message;
    this.#call(op.call, pieces);
    return false;
  }

  #aggregate(op: AggregateOp): boolean {
    return this.#readResponses(FIND_UNJOINABLE, (read, names) => this.#checked(op, read, names));
  }

  #checked(
    op: AggregateOp,
    read: Read<'find-unjoinable'> | Fault,
    names: readonly string[],
  ): boolean {
    if (read.kind !== 'read') return this.#fail(read);
    if (read.result !== undefined) return this.#fail(faultOf(read.result, names));
    this.#ownBytes += read.unpackedBytes;
    return this.#merge(op, read.plain);
  }

  /** Asks a combiner to make one message of the branches' responses. */
  #merge(op: AggregateOp, responses: readonly Message[]): false {
    const { pieces, contentType, layout } = this.#walk.plan.messages.joinResponses(
      responses,
      op.call.model,
    );
    return this.#send(op, pieces, ownMessage({ body: NO_BODY, contentType, layout }));
  }

  #sender(): string {
    return this.from === undefined ? 'the request' : `unit "${this.from}"`;
  }

  /** Says the message in the words of a unit of another protocol, and calls it. */
  #translate(call: PreparedCall): boolean {
    const task = toUnitTask(call, this.from !== undefined);
    const sender = this.#sender();
    const take = (read: Read<'to-unit'> | Fault): false => {
      if (read.kind !== 'read') return this.#fail(read);
      const { result: made, resultBytes, unpackedBytes } = read;
      if ('code' in made) return this.#refuse(`${sender}, for unit "${call.unitName}"`, made);
      this.#ownBytes += resultBytes + unpackedBytes;
      this.#call(call, made.body, ownMessage(made));
      return false;
    };
    return this.#read(task, [this.#message], () => sender, take);
  }

  /** Says the response of such a unit in the graph's words, and goes on with it. */
  #translateBack(op: Op | undefined, call: PreparedCall, response: Message): boolean {
    const task = { kind: 'from-unit', model: call.unitName, spoken: call.dialect.name } as const;
    const sender = `unit "${call.unitName}"`;
    const take = (read: Read<'from-unit'> | Fault): boolean => {
      if (read.kind !== 'read') return this.#fail(read);
      const { result: made, plain, resultBytes, unpackedBytes } = read;
      this.#walk.exchange.release(unpackedBytes + ownBytes(response));
      if ('code' in made) return this.#refuse(sender, made);
      this.from = call.unitName;
      const head = plain[0]?.head;
      return this.#go(op, ownMessage(made, undefined, head), resultBytes);
    };
    return this.#read(task, [response, this.#message], () => sender, take);
  }

  /** `message` says what the body is, where that is not the line's own. */
  #call(
    call: PreparedCall,
    body: Buffer | readonly Buffer[],
    message: Message = this.#message,
  ): void {
    this.#calling.start(call, body, message);
  }

  caught(error: unknown): void {
    this.#fail(toFault(error, this.#walk.deps.log));
  }

  take(call: PreparedCall, result: CallResult): void {
    if (result.kind === 'failure' || !result.isOk) {
      this.#fail(faultOfCall(result, call.unitName));
      return;
    }
    const response = messageOf(result, call.transport, call.dialect.layoutHeader);
    const op = this.#op;
    if (op?.kind === 'choose') {
      if (this.#takeRoute(op, call, response)) this.run();
      return;
    }
    if (call.isForeign) {
      if (this.#translateBack(op, call, response)) this.run();
      return;
    }
    this.from = call.unitName;
    this.#go(op, response, ownBytes(response));
    this.run();
  }

  #choose(op: ChooseOp): boolean {
    switch (op.how.kind) {
      case 'route':
        if (op.ask?.isForeign) return this.#translate(op.ask);
        if (op.ask !== undefined) this.#call(op.ask, this.#message.body);
        return false;
      case 'all':
        return this.#enter(op, ALL);
      case 'policy': {
        const { exchange, deps } = this.#walk;
        return this.#enter(op, op.how.policy.choose(exchange.headers, deps.random));
      }
      case 'feedback':
        return this.#enter(op, this.#walk.choices?.[op.unit] ?? ALL);
    }
  }

  /** Goes where a router's response says. */
  #takeRoute(op: ChooseOp, call: PreparedCall, response: Message): boolean {
    const { messages } = call;
    const now = this.#readNow(READ_ROUTE, [response], messages);
    if (now !== undefined) return this.#routed(op, call, response, now);
    const from = (): string => `unit "${call.unitName}"`;
    const then = (read: Read<'read-route'> | Fault): boolean =>
      this.#routed(op, call, response, read);
    return this.#read(READ_ROUTE, [response], from, then, messages);
  }

  #routed(
    op: ChooseOp,
    call: PreparedCall,
    response: Message,
    read: Read<'read-route'> | Fault,
  ): boolean {
    if (read.kind !== 'read') return this.#fail(read);
    this.#walk.exchange.release(read.unpackedBytes + ownBytes(response));
    const choice = choiceOf(read.result, call.unitName, op.branches.length);
    return typeof choice === 'number' ? this.#enter(op, choice) : this.#fail(choice);
  }

  /** Goes where the choice leads; whether the next operation can follow at once. */
  #enter(op: ChooseOp, choice: number): boolean {
    this.#walk.record(op.unit, choice);
    const { observer } = this.#walk;
    if (observer !== undefined && decides(op)) {
      observer.chose?.(op.unit, choice, this.#walk.exchange);
    }
    if (choice === NONE) {
      this.#op = op.skip;
      return true;
    }
    const only = choice === ALL ? (op.branches.length === 1 ? 0 : ALL) : choice;
    if (only >= op.branches.length) {
      const info = `child ${only} was chosen, there are ${op.branches.length}`;
      return this.#fail({ kind: 'error', code: 'ROUTE_OUT_OF_RANGE', info });
    }
    if (only !== ALL && op.next === undefined) {
      // Nothing is left to do after the branch: this line becomes the branch.
      this.#op = op.branches[only];
      return true;
    }
    this.#branch(
      only === ALL ? op.branches : [op.branches[only]],
      only === ALL ? op.branchNames : [op.branchNames[only] ?? ''],
    );
    return false;
  }

  #branch(branches: readonly (Op | undefined)[], names: readonly string[]): void {
    const fork = new Fork(names, (done) => this.#join(done));
    this.#fork = fork;
    fork.run(
      branches.map((op, slot) => new Line(this.#walk, op, this.#message, this.from, fork, slot)),
    );
  }

  #join(fork: Fork): void {
    this.#ownBytes += fork.bytes;
    const { fault } = fork;
    if (fault !== undefined) {
      this.#fail(fault);
      return;
    }
    const op = this.#op;
    if (op?.kind !== 'choose') return;
    if (op.keep !== 'none') this.from = fork.from;
    if (op.keep === 'first') this.#message = fork.responses[0] as Message;
    this.#op = op.next;
    this.run();
  }

  #end(message: Message): void {
    if (this.#parent === undefined) this.#walk.finish(message);
    else this.#parent.end(this.#slot, message, this.#ownBytes);
  }

  #refuse(sender: string, { code, info }: Unusable): false {
    return this.#fail({ kind: 'error', code, info: `${sender}: ${info}` });
  }

  /** False, as no operation follows. */
  #fail(fault: Fault): false {
    if (this.#parent === undefined) this.#walk.fail(fault);
    else this.#parent.end(this.#slot, fault, this.#ownBytes);
    return false;
  }
}
