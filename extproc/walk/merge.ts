// The messages that the filter makes itself: a combiner's request, an average, SIMPLE_MODEL's answer. Answers are
// unpacked here, since this is where they are read.
import type { BodyMemory } from '../bodies.ts';
import type { Message } from '../message.ts';
import type { Unusable } from '../seldon/dialect.ts';
import { decodeMessage } from './decode.ts';
import type { Fault } from './outcome.ts';
import type { WalkPlan } from './walk.ts';

function faultOf(unusable: Unusable, names: readonly string[]): Fault {
  const name = names[unusable.position] ?? '';
  return { kind: 'error', code: unusable.code, info: `child "${name}": ${unusable.info}` };
}

function decodeAll(
  plan: WalkPlan,
  answers: readonly Message[],
  names: readonly string[],
): Message[] | Fault {
  const plain: Message[] = [];
  for (const [position, answer] of answers.entries()) {
    const from = `child "${names[position] ?? ''}"`;
    const decoded = decodeMessage(answer, plan.maxAnswerBytes, from);
    if ('kind' in decoded) return decoded;
    plain.push(decoded);
  }
  return plain;
}

/** The body of a combiner's call, in pieces; `names` are the children's, for the fault. */
export function joinedBody(
  plan: WalkPlan,
  answers: readonly Message[],
  names: readonly string[],
): Buffer[] | Fault {
  const plain = decodeAll(plan, answers, names);
  if ('kind' in plain) return plain;
  const joined = plan.dialect.joinAnswers(plain.map((message) => message.body));
  return 'code' in joined ? faultOf(joined, names) : joined;
}

/** The pieces as one body. */
export function joined(pieces: readonly Buffer[], memory: BodyMemory): Buffer {
  const body = memory.lend(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) at += piece.copy(body, at);
  return body;
}

/** The mean of the answers, in the first one's place. */
export function averageOf(
  plan: WalkPlan,
  answers: readonly Message[],
  names: readonly string[],
): Message | Fault {
  const plain = decodeAll(plan, answers, names);
  if ('kind' in plain) return plain;
  const body = plan.dialect.average(plain.map((message) => message.body));
  return 'code' in body ? faultOf(body, names) : { ...(plain[0] as Message), body };
}

export function simpleAnswer(plan: WalkPlan, message: Message): Message {
  const plain = decodeMessage(message, plan.maxAnswerBytes, 'the request');
  const asked = 'kind' in plain ? plan.dialect.empty : plain.body;
  const body = plan.dialect.simpleModel(asked);
  return { body, contentType: plan.dialect.contentType, contentEncoding: null, head: null };
}
