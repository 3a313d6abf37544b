// What ends a walk before its end, and how the client is told.
import { ERRORS, type ErrorCode } from '../../graph/plan/errors.ts';
import type { Transport } from '../../graph/plan/plan.ts';
import type { CallResponse, CallResult } from '../contract/calls.ts';
import type { Outcome } from '../contract/exchange.ts';
import { type Message, ownMessage } from '../contract/message.ts';

export type Fault =
  /** A unit answered with an error, which is passed unchanged. */
  | { readonly kind: 'refusal'; readonly response: CallResponse }
  /** Sidegraph's own. */
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly info: string };

/** The message that a unit's response is. */
export function messageOf(
  response: CallResponse,
  transport: Transport,
  layoutHeader: string | undefined,
): Message {
  const { body, head } = response;
  if (transport === 'grpc') {
    return ownMessage({ body, contentType: undefined, layout: undefined }, undefined, head);
  }
  return {
    body,
    contentType: head.find('content-type'),
    layout: layoutHeader === undefined ? undefined : head.find(layoutHeader),
    contentEncoding: head.find('content-encoding'),
    head,
  };
}

/** What a call that brought no response ends a walk with. Clients know addresses, and only Envoy the name of the unit behind. */
export function faultOfCall(result: CallResult, unitName: string): Fault {
  if (result.kind === 'response') return { kind: 'refusal', response: result };
  const { code, text } = result;
  const info = text.startsWith(`unit ${unitName} (`) ? text : `unit "${unitName}": ${text}`;
  return { kind: 'error', code, info };
}

export function faultOutcome(
  fault: Fault,
  transport: Transport,
  layoutHeader: string | undefined,
  routing: string,
): Outcome {
  if (fault.kind === 'error') return { ...fault, routing };
  const { response } = fault;
  if (transport === 'rest') {
    return {
      kind: 'response',
      status: response.status,
      message: messageOf(response, transport, layoutHeader),
      routing,
    };
  }
  return {
    kind: 'grpc-error',
    grpcStatus: response.status,
    grpcMessage: response.grpcMessage,
    head: response.head,
    routing,
  };
}

/** Status under which a call is observed. */
export function observedStatus(result: CallResult, transport: Transport): number {
  if (result.kind === 'response') return result.status;
  return transport === 'rest' ? ERRORS[result.code].status : ERRORS[result.code].grpcStatus;
}
