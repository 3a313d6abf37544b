// Feedback over gRPC: a Feedback message has a place for the puid of its prediction, `response.meta.puid`. A response that has
// nothing else says no more of the prediction than that.
import { isProtobuf, readMessage, readOneof } from '../../lib/codecs/protobuf/oneof.ts';
import {
  BYTES,
  FieldReader,
  FIXED32,
  readInt32,
  VARINT,
} from '../../lib/codecs/protobuf/reader.ts';
import type { FeedbackReading } from '../dialect.ts';
import { MAX_PUID_BYTES, MAX_ROUTING_BYTES } from '../reading-limits.ts';

import { ENTRY, FEEDBACK, isMessageData, MESSAGE, META } from './fields.ts';
import { countRowsProto } from './rows.ts';

/** Null for what is no protobuf. */
export function readFeedbackProto(body: Buffer): FeedbackReading {
  if (!isProtobuf(body)) return undefined;
  const response = readMessage(body, FEEDBACK.response);
  const meta = response && readMessage(response, MESSAGE.meta);
  const routing = meta === undefined ? undefined : readRouting(meta);
  const isLone = routing === undefined && response !== undefined && !hasData(response);
  const puid = isLone && meta !== undefined ? readPuid(meta) : '';
  if (puid.length > MAX_PUID_BYTES)
    return { kind: 'malformed', info: `response.meta.puid has over ${MAX_PUID_BYTES} bytes` };
  const reward = readReward(body);
  return {
    kind: 'feedback',
    isShort: false,
    routing,
    reward,
    rows: countRowsProto(readMessage(body, FEEDBACK.request)),
    puid: puid === '' ? undefined : puid,
  };
}

/** As a header has it, each character one of its bytes; '' for none. Of several the last one counts. */
function readPuid(meta: Buffer): string {
  const reader = new FieldReader(meta);
  let puid: Buffer | undefined;
  while (reader.next())
    if (reader.field === META.puid && reader.wire === BYTES) puid = reader.payload();
  return puid === undefined || reader.broken ? '' : puid.toString('latin1');
}

function hasData(response: Buffer): boolean {
  return readOneof(response, isMessageData) !== undefined;
}

function readReward(body: Buffer): number {
  const reader = new FieldReader(body);
  let reward = 0;
  while (reader.next()) {
    if (reader.field === FEEDBACK.reward && reader.wire === FIXED32)
      reward = body.readFloatLE(reader.start);
  }
  return reward;
}

function readRouting(meta: Buffer): Readonly<Record<string, unknown>> | 'too-long' | undefined {
  const routing: Record<string, number> = {};
  const reader = new FieldReader(meta);
  let any = false;
  let bytes = 0;
  while (reader.next()) {
    if (reader.field !== META.routing || reader.wire !== BYTES) continue;
    any = true;
    bytes += reader.end - reader.tagStart;
    if (bytes > MAX_ROUTING_BYTES) return 'too-long';
    const entry = reader.inner();
    let name = '';
    let choice = 0;
    while (entry.next()) {
      if (entry.field === ENTRY.key && entry.wire === BYTES) name = entry.payload().toString();
      if (entry.field === ENTRY.value && entry.wire === VARINT) {
        choice = readInt32(entry.bytes, entry.start, entry.end);
      }
    }
    routing[name] = choice;
  }
  return any ? routing : undefined;
}
