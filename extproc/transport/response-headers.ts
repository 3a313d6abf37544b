// Which headers an outcome gives to a request or to a response, as name, value, name, value … Both transports write these
// lists; they know nothing of phases and wires.
import type { Outcome } from '../contract/exchange.ts';
import type { ResponseHead, Message } from '../contract/message.ts';
import {
  ERROR_HEADER,
  LENGTH_HEADER,
  MAX_ROUTING_HEADER_BYTES,
  ROUTING_HEADER,
  UNIT_HEADER,
} from '../../graph/plan/names.ts';
import { ERRORS } from '../../graph/plan/errors.ts';
import type { ErrorCode } from '../../graph/plan/errors.ts';
import type { HeaderList } from './codec/encode.ts';

type Tail = Extract<Outcome, { kind: 'tail' }>;

/** What a tail call needs to know of the client's request. */
export interface ClientRequest {
  readonly message: Message;
  /** Whether the client sent headers that no unit may see or that the call forbids. */
  has(name: string): boolean;
}

/** The request headers of a tail call. gRPC has no length and keeps the client's content type. */
export function addTailHeaders(
  list: HeaderList,
  tail: Tail,
  client: ClientRequest,
  grpc: boolean,
  layoutHeader: string | undefined,
): void {
  list.add(':path', tail.path);
  list.add(UNIT_HEADER, tail.key);
  if (!grpc) {
    const { message } = client;
    list.add(LENGTH_HEADER, String(tail.message.body.length));
    setOrRemove(list, 'content-type', tail.message.contentType, message.contentType);
    setOrRemove(list, 'content-encoding', tail.message.contentEncoding, message.contentEncoding);
    if (layoutHeader !== undefined) {
      setOrRemove(list, layoutHeader, tail.message.layout, message.layout);
    }
  }
  if (client.has(ROUTING_HEADER)) list.remove.push(ROUTING_HEADER);
}

function setOrRemove(
  list: HeaderList,
  name: string,
  wanted: string | undefined,
  present: string | undefined,
): void {
  if (wanted === present) return;
  if (wanted === undefined) list.remove.push(name);
  else list.add(name, wanted);
}

/** What a unit's response passes on to the client, but the headers that stand for themselves. */
export function addResponseHeaders(
  list: HeaderList,
  head: ResponseHead | undefined,
  layoutHeader: string | undefined,
): void {
  if (head !== undefined) addPassed(list, head.entries(), layoutHeader);
}

/** The metadata behind a unit's gRPC response. */
export function addResponseTrailers(list: HeaderList, head: ResponseHead | undefined): void {
  const trailers = head?.trailers?.();
  if (trailers !== undefined) addPassed(list, trailers, undefined);
}

function addPassed(
  list: HeaderList,
  entries: readonly string[],
  layoutHeader: string | undefined,
): void {
  for (let index = 0; index + 1 < entries.length; index += 2) {
    const name = entries[index] as string;
    if (name === 'content-type' || name === 'content-encoding' || name === 'content-length')
      continue;
    if (name === ROUTING_HEADER || name === ERROR_HEADER || name === layoutHeader) continue;
    list.add(name, entries[index + 1] as string);
  }
}

export function addMessageHeaders(
  list: HeaderList,
  message: Message,
  layoutHeader: string | undefined,
): void {
  if (message.contentType !== undefined) list.add('content-type', message.contentType);
  if (message.contentEncoding !== undefined) list.add('content-encoding', message.contentEncoding);
  if (layoutHeader !== undefined && message.layout !== undefined)
    list.add(layoutHeader, message.layout);
}

export function addRouting(list: HeaderList, routing: string): void {
  if (routing !== '' && routing.length <= MAX_ROUTING_HEADER_BYTES)
    list.add(ROUTING_HEADER, routing);
}

export function addErrorHeaders(list: HeaderList, code: ErrorCode, grpc: boolean): void {
  if (!grpc) list.add('content-type', 'application/json');
  list.add(ERROR_HEADER, code);
  if (ERRORS[code].status === 503) list.add('retry-after', '1');
}
