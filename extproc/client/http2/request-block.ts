// The header block of a gRPC request: what is the same for every call of a path is made once, and the client's
// metadata is appended as the bytes in which it came.
import type { CallRequest } from '../../contract/calls.ts';
import { encodeField } from '../../../lib/codecs/http2/hpack.ts';

const MAX_CACHED = 256;
/** `grpc-timeout` holds at most eight digits. */
const MAX_TIMEOUT_DIGITS_VALUE = 99_999_999;

export class RequestBlocks {
  readonly #authority: string;
  readonly #saysTimeout: boolean;
  readonly #starts = new Map<string, Buffer>();
  readonly #timeouts = new Map<number, Buffer>();

  constructor(authority: string, saysTimeout: boolean) {
    this.#authority = authority;
    this.#saysTimeout = saysTimeout;
  }

  /** The pieces of the block, in order. */
  start(path: string): Buffer {
    const known = this.#starts.get(path);
    if (known !== undefined) return known;
    const made = Buffer.concat([
      encodeField(':method', 'POST'),
      encodeField(':scheme', 'http'),
      encodeField(':path', path),
      encodeField(':authority', this.#authority),
      encodeField('te', 'trailers'),
      encodeField('content-type', 'application/grpc'),
      encodeField('user-agent', 'sidegraph'),
    ]);
    if (this.#starts.size < MAX_CACHED) this.#starts.set(path, made);
    return made;
  }

  /** `grpc-timeout` of a call; undefined when it has none. */
  timeout(request: CallRequest): Buffer | undefined {
    const { timeoutMs } = request;
    if (timeoutMs === undefined || !this.#saysTimeout) return undefined;
    const known = this.#timeouts.get(timeoutMs);
    if (known !== undefined) return known;
    const whole = Math.max(1, Math.ceil(timeoutMs));
    const value = whole <= MAX_TIMEOUT_DIGITS_VALUE ? `${whole}m` : `${Math.ceil(whole / 1000)}S`;
    const made = encodeField('grpc-timeout', value);
    if (this.#timeouts.size < MAX_CACHED) this.#timeouts.set(timeoutMs, made);
    return made;
  }
}
