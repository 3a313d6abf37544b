// The bodies that the filter puts together itself, and what is wrong where it cannot.
import { type BodyMemory, releasableBytes } from '../contract/bodies.ts';
import type { Message } from '../contract/message.ts';
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
