// What ends a walk before its end, and how the client is told.
import { ERRORS, type ErrorCode } from '../../graph/plan/errors.ts';
import type { Transport } from '../../graph/plan/plan.ts';
import type { CallResult } from '../contract/calls.ts';
import type { Outcome } from '../contract/exchange.ts';
import type { Message } from '../contract/message.ts';

export type UnitAnswer = Extract<CallResult, { kind: 'answer' }>;

export type Fault =
  /** A unit answered with an error, which is passed unchanged. */
  | { readonly kind: 'refusal'; readonly answer: UnitAnswer }
  /** Sidegraph's own. */
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly info: string };

/** The message that a unit's answer is. */
export function messageOf(
  answer: UnitAnswer,
  transport: Transport,
  layoutHeader: string | null,
): Message {
  const { body, head } = answer;
  if (transport === 'grpc') {
    return { body, contentType: null, layout: null, contentEncoding: null, head };
  }
  return {
    body,
    contentType: head.find('content-type'),
    layout: layoutHeader === null ? null : head.find(layoutHeader),
    contentEncoding: head.find('content-encoding'),
    head,
  };
}

/** What a call that brought no answer ends a walk with. */
export function faultOfCall(result: CallResult): Fault {
  if (result.kind === 'failure') return { kind: 'error', code: result.code, info: result.text };
  return { kind: 'refusal', answer: result };
}

export function faultOutcome(
  fault: Fault,
  transport: Transport,
  layoutHeader: string | null,
  routing: string,
): Outcome {
  if (fault.kind === 'error') return { ...fault, routing };
  const { answer } = fault;
  if (transport === 'rest') {
    return {
      kind: 'answer',
      status: answer.status,
      message: messageOf(answer, transport, layoutHeader),
      routing,
    };
  }
  return {
    kind: 'grpc-error',
    grpcStatus: answer.status,
    grpcMessage: answer.grpcMessage,
    head: answer.head,
    routing,
  };
}

/** Status under which a call is observed. */
export function observedStatus(result: CallResult, transport: Transport): number {
  if (result.kind === 'answer') return result.status;
  return transport === 'rest' ? ERRORS[result.code].status : ERRORS[result.code].grpcStatus;
}
