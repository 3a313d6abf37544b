// The unpacking thread: takes one body after the other, says what it may become before it is made, and answers with the plain bytes.
// A body that becomes longer than there was room for is begun anew with more: growing in place would need both lengths at once.
import { parentPort } from 'node:worker_threads';
import { freeMemory } from '../../../lib/runtime/free-memory.ts';
import { announcedBytes, type Encoding, unpackNow } from './encodings.ts';
import { UNPACK_FIRST_BYTES, UNPACK_GROWTH } from './limits.ts';

export type ToUnpacker =
  | {
      readonly kind: 'unpack';
      readonly encoding: Encoding;
      readonly maxBytes: number;
      readonly bytes: Uint8Array<ArrayBuffer>;
    }
  /** Whether there is room for what was needed. */
  | { readonly kind: 'room'; readonly granted: boolean };

export type FromUnpacker =
  /** So many bytes more than was granted before. */
  | { readonly kind: 'needs'; readonly bytes: number }
  | {
      readonly kind: 'done';
      readonly result: Uint8Array<ArrayBuffer> | 'too-large' | 'broken';
    };

type Order = Extract<ToUnpacker, { kind: 'unpack' }>;

let waiting: ((granted: boolean) => void) | undefined;

function say(message: FromUnpacker, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

/** Unpacks up to `bound`, for which so many bytes more have to be granted. */
function attempt(order: Order, packed: Buffer, bound: number, more: number): void {
  waiting = (granted) => {
    const unpacked = granted ? unpackNow(packed, order.encoding, bound) : undefined;
    if (unpacked === 'too-large' && bound < order.maxBytes) {
      const next = Math.min(bound * UNPACK_GROWTH, order.maxBytes);
      attempt(order, packed, next, next - bound);
      return;
    }
    freeMemory(order.bytes);
    if (unpacked === undefined) return;
    if (typeof unpacked === 'string') say({ kind: 'done', result: unpacked });
    else answer(unpacked);
  };
  say({ kind: 'needs', bytes: more });
}

function answer({ buffer, byteOffset, length }: Buffer): void {
  if (!(buffer instanceof ArrayBuffer)) throw new Error('zlib answers in memory that is shared');
  say({ kind: 'done', result: new Uint8Array(buffer, byteOffset, length) }, [buffer]);
}

parentPort?.on('message', (message: ToUnpacker) => {
  if (message.kind === 'room') {
    const next = waiting;
    waiting = undefined;
    next?.(message.granted);
    return;
  }
  const { bytes, encoding, maxBytes } = message;
  const packed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const announced = announcedBytes(packed, encoding) ?? 0;
  const first = announced > 0 && announced <= maxBytes ? announced : UNPACK_FIRST_BYTES;
  const bound = Math.min(first, maxBytes);
  attempt(message, packed, bound, bound);
});
