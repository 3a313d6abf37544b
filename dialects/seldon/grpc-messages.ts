// Seldon's messages over gRPC: SeldonMessages as protobuf.
import { isProtobuf, readOneof } from '../../lib/codecs/protobuf/oneof.ts';
import { BYTES } from '../../lib/codecs/protobuf/reader.ts';
import {
  bytesField,
  bytesHead,
  floatField,
  int32Field,
  stringField,
} from '../../lib/codecs/protobuf/writer.ts';
import { averageProto, averageProtoBytes } from './average-proto.ts';
import type { Messages, Routing } from '../dialect.ts';
import type { Payload, Pieces, Unusable } from '../payload.ts';
import { averagePayload, bodiesOf } from './payloads.ts';
import {
  DATA,
  ENTRY,
  FEEDBACK,
  isMessageData,
  MESSAGE,
  MESSAGE_LIST,
  META,
  METRIC,
  TENSOR,
} from './fields.ts';
import { readFeedbackProto } from './feedback-proto.ts';
import { writeDoubles, writeShape } from './numbers-proto.ts';
import { readProtoRoute } from './route-proto.ts';

const EMPTY = Buffer.alloc(0);

function findUnjoinable(responses: readonly Payload[]): Unusable | undefined {
  const position = responses.findIndex(({ body }) => !isProtobuf(body));
  if (position < 0) return undefined;
  return { code: 'ANSWER_MALFORMED', info: 'the response is no protobuf message', position };
}

/** A SeldonMessageList: each message behind its length. */
function joinResponses(responses: readonly Payload[]): Pieces {
  const pieces = responses.flatMap(({ body }) => [
    bytesHead(MESSAGE_LIST.messages, body.length),
    body,
  ]);
  return { pieces, contentType: undefined, layout: undefined };
}

function metric(key: string, type: number, value: number): Buffer {
  return bytesField(
    META.metrics,
    stringField(METRIC.key, key),
    ...(type === 0 ? [] : [int32Field(METRIC.type, type)]),
    floatField(METRIC.value, value),
  );
}

/** Status SUCCESS (the zero of its enum, so nothing is written) and the three metrics. */
const SIMPLE_HEAD = Buffer.concat([
  bytesField(MESSAGE.status),
  bytesField(
    MESSAGE.meta,
    metric('mymetric_counter', 0, 1),
    metric('mymetric_gauge', 1, 100),
    metric('mymetric_timer', 2, 22.1),
  ),
]);
const SIMPLE_DATA = bytesField(
  MESSAGE.data,
  stringField(DATA.names, 'class0'),
  stringField(DATA.names, 'class1'),
  stringField(DATA.names, 'class2'),
  bytesField(DATA.tensor, writeShape([1, 3]), writeDoubles(TENSOR.values, [0.1, 0.9, 0.5])),
);
const SIMPLE_RESPONSE = Buffer.concat([SIMPLE_HEAD, SIMPLE_DATA]);

function simpleModel(body: Buffer): Buffer {
  const data = readOneof(body, isMessageData);
  if (data === undefined || data === 'broken' || data.wire !== BYTES) return SIMPLE_RESPONSE;
  if (data.field !== MESSAGE.strData && data.field !== MESSAGE.binData) return SIMPLE_RESPONSE;
  return Buffer.concat([SIMPLE_HEAD, bytesField(data.field, data.payload)]);
}

/** Meta with nothing but routing, as a field of a SeldonMessage. */
function routingMeta(routing: Routing): Buffer {
  const entries = Object.entries(routing).map(([name, choice]) =>
    bytesField(META.routing, stringField(ENTRY.key, name), int32Field(ENTRY.value, choice)),
  );
  return bytesField(MESSAGE.meta, ...entries);
}

/** Appends a field: protobuf merges equal messages, and of equal map keys the last one counts. */
function append(body: Buffer, routing: Routing, field: Buffer): Buffer {
  if (Object.keys(routing).length === 0 || !isProtobuf(body)) return body;
  return Buffer.concat([body, field]);
}

export const SELDON_GRPC: Messages = {
  dialect: 'seldon',
  transport: 'grpc',
  contentType: undefined,
  empty: EMPTY,
  requests: undefined,
  readRoute: ({ body }) => readProtoRoute(body),
  findUnjoinable,
  joinResponses,
  average: (responses) => averagePayload(responses, averageProto),
  averageBytes: (responses) => averageProtoBytes(bodiesOf(responses)),
  simpleModel: ({ body }) => ({
    body: simpleModel(body),
    contentType: undefined,
    layout: undefined,
  }),
  routing: {
    write: (body, routing) => append(body, routing, routingMeta(routing)),
    readFeedback: readFeedbackProto,
    writeFeedback: (body, routing) =>
      append(body, routing, bytesField(FEEDBACK.response, routingMeta(routing))),
  },
};
