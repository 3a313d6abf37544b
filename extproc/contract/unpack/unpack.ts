// Takes the compression off a body. In: bytes, the name of their encoding and a bound; out: the plain bytes, held in the
// account before they were there, or why there are none. What is small is unpacked at once. All else is done by a thread, one body
// at a time: how long it becomes is known only when it is there, and 40 bytes may become 32 MiB. Pieces from zlib's own threads would
// still be put together on the event loop, which costs it more than unpacking costs them.
import type { CallHandle } from '../calls.ts';
import { copyInSteps } from '../copy-in-steps.ts';
import type { ByteAccount } from '../held-bytes.ts';
import { Thread, type ThreadGone, type ThreadJob } from '../thread.ts';
import { type Encoding, unpackNow } from './encodings.ts';
import {
  MAX_UNPACKER_HEAP_BYTES,
  MAX_WAITING_UNPACKS,
  UNPACK_NOW_BYTES,
  UNPACKER_IDLE_MS,
} from './limits.ts';
import type { FromUnpacker, ToUnpacker } from './thread.ts';
import { type Turn, Turns } from './turns.ts';

export type Unpacked =
  /** `body.length` bytes of the account are the body's. */
  | { readonly kind: 'plain'; readonly body: Buffer }
  | { readonly kind: 'too-large' | 'broken' | 'overloaded' };

const thread = new Thread<ToUnpacker, FromUnpacker>({
  entry: new URL('./thread.ts', import.meta.url),
  maxHeapBytes: MAX_UNPACKER_HEAP_BYTES,
  idleMs: UNPACKER_IDLE_MS,
});
const turns = new Turns(1, MAX_WAITING_UNPACKS);

/** Bodies that are being unpacked, and that wait for it, in this process. */
export function countUnpacking(): number {
  return turns.running + turns.waiting;
}

/**
 * `done` is called once, at once for what is small: undefined is returned then. The handle stops the work, and what was held for
 * it is given back; `done` is not called any more.
 */
export function unpack(
  packed: Buffer,
  encoding: Encoding,
  maxBytes: number,
  account: ByteAccount,
  done: (unpacked: Unpacked) => void,
): CallHandle | undefined {
  if (packed.length <= UNPACK_NOW_BYTES) {
    const now = unpackSmall(packed, encoding, maxBytes, account);
    if (now !== undefined) {
      done(now);
      return undefined;
    }
  }
  return new Unpacking(packed, encoding, maxBytes, account, done).begin();
}

/** Undefined for a body that becomes longer than is unpacked at once. */
function unpackSmall(
  packed: Buffer,
  encoding: Encoding,
  maxBytes: number,
  account: ByteAccount,
): Unpacked | undefined {
  const bound = Math.min(maxBytes, UNPACK_NOW_BYTES);
  if (!account.hold(bound)) return { kind: 'overloaded' };
  const unpacked = unpackNow(packed, encoding, bound);
  if (typeof unpacked !== 'string') {
    account.release(bound - unpacked.length);
    return { kind: 'plain', body: unpacked };
  }
  account.release(bound);
  return unpacked === 'too-large' && bound < maxBytes ? undefined : { kind: unpacked };
}

/** One body on its way through the thread. */
class Unpacking implements CallHandle, ThreadJob<FromUnpacker> {
  readonly #packed: Buffer;
  readonly #encoding: Encoding;
  readonly #maxBytes: number;
  readonly #account: ByteAccount;
  readonly #done: (unpacked: Unpacked) => void;
  #turn: Turn | undefined;
  #heldBytes = 0;
  #inThread = false;
  #cancelled = false;

  constructor(
    packed: Buffer,
    encoding: Encoding,
    maxBytes: number,
    account: ByteAccount,
    done: (unpacked: Unpacked) => void,
  ) {
    this.#packed = packed;
    this.#encoding = encoding;
    this.#maxBytes = maxBytes;
    this.#account = account;
    this.#done = done;
  }

  begin(): CallHandle | undefined {
    this.#turn = turns.take(() => setImmediate(() => this.#copy()));
    if (this.#turn !== undefined) return this;
    this.#done({ kind: 'overloaded' });
    return undefined;
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    // What the thread has begun it ends, and the next one waits for it.
    if (!this.#inThread) this.#settle();
  }

  answered(message: FromUnpacker | ThreadGone): void {
    switch (message.kind) {
      case 'needs': {
        const granted = !this.#cancelled && this.#hold(message.bytes);
        thread.say({ kind: 'room', granted });
        if (!granted) this.#end('overloaded');
        return;
      }
      case 'done':
        this.#end(message.result);
        return;
      case 'burst':
      case 'failed':
        this.#end('broken');
    }
  }

  #copy(): void {
    if (this.#cancelled) return;
    if (!this.#hold(this.#packed.length)) {
      this.#end('overloaded');
      return;
    }
    copyInSteps(
      [this.#packed],
      () => this.#cancelled,
      (bytes) => {
        this.#inThread = true;
        thread.occupy(this);
        const encoding = this.#encoding;
        thread.say({ kind: 'unpack', encoding, maxBytes: this.#maxBytes, bytes }, [bytes.buffer]);
      },
    );
  }

  #hold(bytes: number): boolean {
    if (!this.#account.hold(bytes)) return false;
    this.#heldBytes += bytes;
    return true;
  }

  #end(result: Uint8Array<ArrayBuffer> | 'too-large' | 'broken' | 'overloaded'): void {
    thread.leave(this);
    this.#settle();
    if (this.#cancelled) return;
    if (typeof result === 'string') this.#done({ kind: result });
    else if (!this.#account.hold(result.length)) this.#done({ kind: 'overloaded' });
    else this.#done({ kind: 'plain', body: bufferOf(result) });
  }

  #settle(): void {
    this.#account.release(this.#heldBytes);
    this.#heldBytes = 0;
    this.#turn?.end();
  }
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
