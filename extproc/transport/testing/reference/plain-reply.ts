// The outcomes as plain ProcessingResponses: what `reply.ts` writes as bytes, said once more in objects.
import type { Outcome } from '../../../contract/exchange.ts';
import { ERRORS } from '../../../../graph/plan/errors.ts';
import { errorBody } from '../../../../dialects/known/dialects.ts';
import {
  RESPONSE_DETAILS,
  METADATA_NAMESPACE,
  METADATA_ROUTING,
} from '../../../../graph/plan/names.ts';
import {
  addResponseHeaders,
  addResponseTrailers,
  addErrorHeaders,
  addMessageHeaders,
  addRouting,
  addTailHeaders,
} from '../../response-headers.ts';
import { HeaderList } from '../../codec/encode.ts';
import { CHUNK_BYTES } from '../../reply.ts';
import type { Answering } from '../../reply.ts';
import type { PlainResponse } from './wire.ts';

export function buildPlainReplies(outcome: Outcome, request: Answering): readonly PlainResponse[] {
  const list = new HeaderList();
  const { routing } = outcome;
  switch (outcome.kind) {
    case 'tail':
      return buildTail(outcome, request, list);
    case 'response': {
      const { message, status } = outcome;
      if (request.grpc) return buildGrpcResponse(outcome, list);
      const { layoutHeader } = request.dialect;
      addResponseHeaders(list, message.head, layoutHeader);
      addMessageHeaders(list, message, layoutHeader);
      addRouting(list, routing);
      return [immediate(status, undefined, list, message.body, routing)];
    }
    case 'grpc-error': {
      addResponseHeaders(list, outcome.head, undefined);
      addResponseTrailers(list, outcome.head);
      addRouting(list, routing);
      const { grpcStatus, grpcMessage } = outcome;
      return [immediate(200, grpcStatus, list, Buffer.from(grpcMessage), routing)];
    }
    case 'error': {
      const { code, info } = outcome;
      const { status, grpcStatus } = ERRORS[code];
      addErrorHeaders(list, code, request.grpc);
      addRouting(list, routing);
      return request.grpc
        ? [immediate(200, grpcStatus, list, Buffer.from(`${code}: ${info}`), routing)]
        : [
            immediate(
              status,
              undefined,
              list,
              Buffer.from(errorBody(request.dialect, status, info)),
              routing,
            ),
          ];
    }
  }
}

function buildTail(
  tail: Extract<Outcome, { kind: 'tail' }>,
  request: Answering,
  list: HeaderList,
): readonly PlainResponse[] {
  const { body } = tail.message;
  addTailHeaders(list, tail, request, request.grpc, request.dialect.layoutHeader);
  const response = { header_mutation: mutation(list), clear_route_cache: true };
  const bytes = request.grpc ? frame(body) : body;
  const routing = metadata(tail.routing);
  if (request.phase === 'trailers' || (request.phase === 'headers' && body.length > 0)) {
    const whole = { ...response, status: 1, body_mutation: { body: bytes } };
    return [{ request_headers: { response: whole }, ...routing }];
  }
  const headers = { request_headers: { response }, ...routing };
  if (request.phase === 'headers') return [headers];
  const chunks = cut(bytes).map((chunk, index, all) => {
    const last = index === all.length - 1;
    const streamed_response = last ? { body: chunk, end_of_stream: true } : { body: chunk };
    return { request_body: { response: { body_mutation: { streamed_response } } } };
  });
  return [headers, ...chunks];
}

function buildGrpcResponse(
  response: Extract<Outcome, { kind: 'response' }>,
  list: HeaderList,
): readonly PlainResponse[] {
  list.add(':status', '200');
  list.add('content-type', 'application/grpc');
  addResponseHeaders(list, response.message.head, undefined);
  addRouting(list, response.routing);
  list.join();
  const trailers = new HeaderList();
  trailers.add('grpc-status', '0');
  addResponseTrailers(trailers, response.message.head);
  trailers.join();
  const streamed = (response: object) => ({ streamed_immediate_response: response });
  return [
    {
      ...streamed({ headers_response: { headers: headerMap(list.set) } }),
      ...metadata(response.routing),
    },
    ...cut(frame(response.message.body)).map((body) => streamed({ body_response: { body } })),
    streamed({ trailers_response: headerMap(trailers.set) }),
  ];
}

function immediate(
  code: number,
  grpcStatus: number | undefined,
  list: HeaderList,
  body: Buffer,
  routing: string,
): PlainResponse {
  return {
    immediate_response: {
      status: { code },
      ...(list.set.length > 0 ? { headers: mutation(list) } : {}),
      ...(grpcStatus === undefined ? {} : { grpc_status: { status: grpcStatus } }),
      details: RESPONSE_DETAILS,
      body,
    },
    ...metadata(routing),
  };
}

function mutation(list: HeaderList): object {
  const seen = new Set<string>();
  const set_headers = headerMap(list.set).headers.map((header) => {
    if (seen.has(header.key)) return { header, append: { value: true } };
    seen.add(header.key);
    return { header, append_action: 2 };
  });
  return { set_headers, remove_headers: list.remove };
}

function headerMap(list: readonly string[]): { headers: { key: string; raw_value: Buffer }[] } {
  const headers = [];
  for (let index = 0; index + 1 < list.length; index += 2) {
    const value = list[index + 1] ?? '';
    const fits = [...value].every((character) => character <= '\xff');
    const raw_value = Buffer.from(value, fits ? 'latin1' : 'utf8');
    headers.push({ key: list[index] ?? '', raw_value });
  }
  return { headers };
}

function metadata(routing: string): object {
  if (routing === '') return {};
  const fields = { [METADATA_ROUTING]: { stringValue: routing } };
  return { dynamic_metadata: { fields: { [METADATA_NAMESPACE]: { structValue: { fields } } } } };
}

function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function cut(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [bytes.subarray(0, CHUNK_BYTES)];
  for (let at = CHUNK_BYTES; at < bytes.length; at += CHUNK_BYTES) {
    chunks.push(bytes.subarray(at, at + CHUNK_BYTES));
  }
  return chunks;
}
