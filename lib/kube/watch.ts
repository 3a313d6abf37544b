// The lines of a watch as events. The server ending the stream and a stream gone silent both end the iteration: the
// caller resumes from the last resourceVersion. An ERROR event (410 when history is gone) and a broken connection are
// thrown as KubeError.
import type { Dispatcher } from 'undici';
import { KubeError, parseKubeError } from './error.ts';
import type { KubeObject } from './object.ts';
import { type KubeCall, noResponse } from './request.ts';

/** Over twice what etcd stores of one object. */
const MAX_LINE_BYTES = 8 << 20;
const NEWLINE = 0x0a;
const EMPTY = Buffer.alloc(0);

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  /** Nothing happened to what is watched up to this version. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

interface RawEvent {
  readonly type: string;
  readonly object: KubeObject;
}

export async function* readWatch(
  body: Dispatcher.ResponseData['body'],
  call: KubeCall,
): AsyncGenerator<WatchEvent> {
  try {
    for await (const line of splitLines(body)) yield readEvent(line, call);
  } catch (error) {
    if (call.signal?.aborted) throw call.signal.reason;
    const lost = noResponse(call, error);
    if (lost.reason !== 'Timeout') throw lost;
  }
}

/** Byte chunks in, lines without their ends out; what follows the last end is dropped, as it is half an event. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = EMPTY;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const piece = chunk.subarray(from, end);
      const line = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      rest = EMPTY;
      from = end + 1;
      if (line.length > 0) yield line;
    }
    if (from < chunk.length) rest = Buffer.concat([rest, chunk.subarray(from)]);
    if (rest.length > MAX_LINE_BYTES) throw new Error(`an event is over ${MAX_LINE_BYTES} bytes`);
  }
}

function readEvent(line: Buffer, call: KubeCall): WatchEvent {
  const event: unknown = JSON.parse(line.toString('utf8'));
  if (!isRawEvent(event))
    throw new KubeError({
      status: 0,
      reason: 'BadAnswer',
      message: `${call.path} sent a line that is no event`,
    });
  const { type, object } = event;
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object };
    case 'BOOKMARK':
      return { type, resourceVersion: object.metadata.resourceVersion ?? '' };
    default:
      throw parseKubeError({ method: 'WATCH', path: call.path }, 500, object);
  }
}

function isRawEvent(value: unknown): value is RawEvent {
  return typeof value === 'object' && value !== null && 'type' in value && 'object' in value;
}
