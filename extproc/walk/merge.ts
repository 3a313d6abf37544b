// What a line of operations does with messages: the bodies that the filter puts together itself, the headers that go with a call, the
// choice that a response names, and what is wrong where one cannot.
import type { Task } from '../reading/tasks.ts';
import type { Messages } from '../../dialects/dialect.ts';
import type { WalkContext } from './context.ts';
import type { RequestHeaders } from '../contract/exchange.ts';
import { NONE } from './decisions.ts';
import type { PreparedCall } from './ops.ts';
import { type BodyMemory, releasableBytes } from '../contract/bodies.ts';
import { type Message, ownMessage } from '../contract/message.ts';
import type { Unusable } from '../../dialects/payload.ts';
import type { Fault } from './outcome.ts';
import { OVERLOADED } from './read.ts';

/** `names` are the children's. */
export function faultOf(unusable: Unusable, names: readonly string[]): Fault {
  const name = names[unusable.position] ?? '';
  return { kind: 'error', code: unusable.code, info: `child "${name}": ${unusable.info}` };
}

/** The pieces as one body. */
export function joined(pieces: readonly Buffer[], memory: BodyMemory): Buffer | Fault {
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (!memory.hold(bytes)) return OVERLOADED;
  const body = memory.lend(bytes);
  let at = 0;
  for (const piece of pieces) at += piece.copy(body, at);
  return body;
}

/** What a line holds for a message that a unit has sent to it, as far as it can be given back. */
export function ownBytes(message: Message): number {
  return releasableBytes(message.body.length);
}

/** The child that a router has chosen, or why that cannot be taken. */
export function choiceOf(
  choice: number | Unusable,
  unitName: string,
  children: number,
): number | Fault {
  if (typeof choice !== 'number') {
    return { kind: 'error', code: choice.code, info: `unit "${unitName}": ${choice.info}` };
  }
  if (choice >= NONE && choice < children) return choice;
  const info = `unit "${unitName}" chose child ${choice}, it has ${children}`;
  return { kind: 'error', code: 'ROUTE_OUT_OF_RANGE', info };
}

/** The request's headers for a call, with the one that says how the message's body is laid out. */
export function http1Block(headers: RequestHeaders, call: PreparedCall, message: Message): Buffer {
  const block = headers.http1Block(call.readable);
  const { layoutHeader } = call.dialect;
  const { layout } = message;
  if (layoutHeader === undefined || layout === undefined || /[\r\n\0]/.test(layout)) return block;
  return Buffer.concat([block, Buffer.from(`${layoutHeader}: ${layout}\r\n`, 'latin1')]);
}

/** The response to a feedback that no unit takes: the client's own message, over gRPC an empty one. */
export function acknowledgementOf({ plan, exchange }: WalkContext): Message {
  if (plan.transport === 'rest') return exchange.message;
  const { empty: body } = plan.messages;
  return ownMessage({ body, contentType: undefined, layout: undefined });
}

/** SIMPLE_MODEL's response to a message that cannot be read. */
export function constantOf(messages: Messages, model: string): Message {
  const { contentType, empty } = messages;
  return ownMessage(messages.simpleModel({ body: empty, contentType, layout: undefined }, model));
}

/** What is asked of a message that goes to a unit of another protocol. */
export function toUnitTask({ model, dialect }: PreparedCall, isResponse: boolean): Task<'to-unit'> {
  return { kind: 'to-unit', model, spoken: dialect.name, isResponse };
}
