// The captured requests that are kept: the newest, as many as were asked for, and no more bytes than there is room for.
import type { Capture, CapturedMessage } from '../captured.ts';
import { MAX_KEPT_CAPTURE_BYTES } from './limits.ts';

export class CaptureStore {
  readonly #max: number;
  readonly #captures = new Map<number, { readonly capture: Capture; readonly bytes: number }>();
  #bytes = 0;
  #dropped = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get facts() {
    return {
      kept: this.#captures.size,
      max: this.#max,
      keptBytes: this.#bytes,
      dropped: this.#dropped,
    };
  }

  add(capture: Capture): void {
    const bytes = bytesOf(capture);
    this.#captures.set(capture.id, { capture, bytes });
    this.#bytes += bytes;
    for (const [id, oldest] of this.#captures) {
      if (this.#captures.size <= this.#max && this.#bytes <= MAX_KEPT_CAPTURE_BYTES) break;
      this.#captures.delete(id);
      this.#bytes -= oldest.bytes;
      this.#dropped++;
    }
  }

  find(id: number): Capture | undefined {
    return this.#captures.get(id)?.capture;
  }

  /** Oldest first. */
  list(): readonly Capture[] {
    return [...this.#captures.values()].map(({ capture }) => capture);
  }

  clear(): void {
    this.#captures.clear();
    this.#bytes = 0;
  }
}

/** About what it takes: texts that two parts share are counted once. */
function bytesOf({ asked, response, calls }: Capture): number {
  const texts = new Set([asked.body.base64, response.body.base64]);
  for (const { sent, received } of calls) texts.add(sent.base64).add(received?.base64 ?? '');
  return [...texts].reduce(
    (sum, { length }) => sum + length,
    headerBytes(asked) + headerBytes(response),
  );
}

function headerBytes({ headers }: CapturedMessage): number {
  return headers.reduce((sum, { name, value }) => sum + name.length + (value?.length ?? 0), 0);
}
