// Takes what Envoy's tap tells, from a response of the admin endpoint that goes on as long as it is read: one JSON object after the other,
// each ending with a line that is `}`. Of a second only so many are taken; then the response is closed, so that Envoy stops to make them,
// and opened again in the next one.
import type { ClientRequest } from 'node:http';
import { tapRequest } from '../../../envoy/kit/filters/tap.ts';
import { MAX_CAPTURED_BODY_BYTES } from '../../../extproc/live/limits.ts';
import { request } from '../../../lib/runtime/node-http.ts';
import { MAX_CAPTURES_PER_SECOND, MAX_TRACE_BYTES } from './limits.ts';

const END = '\n}\n';

export interface TapParts {
  readonly adminSocket: string;
  /** The text of one object. */
  readonly take: (text: string) => void;
}

export class TapStream {
  readonly #parts: TapParts;
  #outgoing: ClientRequest | undefined;
  /** Of the response that goes on, or of the next one that Envoy gives: whoever waits for one that fails gets the one after it. */
  #opened = Promise.withResolvers<void>();
  #isOpened = false;
  #taken = 0;
  /** How often there were more than may be taken. */
  pauses = 0;

  constructor(parts: TapParts) {
    this.#parts = parts;
  }

  /** Once a second: goes on, or begins. Resolves when Envoy tells of every request that begins from then on, and of no Envoy never. */
  async tick(): Promise<void> {
    this.#taken = 0;
    if (this.#outgoing === undefined) this.#open();
    await this.#opened.promise;
  }

  close(): void {
    this.#outgoing?.destroy();
    this.#outgoing = undefined;
  }

  #open(): void {
    if (this.#isOpened) this.#opened = Promise.withResolvers<void>();
    this.#isOpened = false;
    const outgoing = request(
      { socketPath: this.#parts.adminSocket, path: '/tap', method: 'POST', agent: false },
      (incoming) => {
        if (incoming.statusCode !== 200) {
          outgoing.destroy();
          return;
        }
        if (this.#outgoing === outgoing) {
          this.#isOpened = true;
          this.#opened.resolve();
        }
        let rest = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          if (this.#outgoing === outgoing) rest = this.#split(rest, chunk);
        });
        incoming.on('error', () => {});
      },
    );
    // An Envoy that is not there yet, or not any more, is asked again with the next tick.
    outgoing.on('error', () => {});
    outgoing.on('close', () => {
      if (this.#outgoing === outgoing) this.#outgoing = undefined;
    });
    this.#outgoing = outgoing;
    outgoing.end(JSON.stringify(tapRequest(MAX_CAPTURED_BODY_BYTES)));
  }

  /** Returns what is left after the last whole object. */
  #split(before: string, chunk: string): string {
    let text = before + chunk;
    let from = Math.max(0, before.length - END.length);
    for (;;) {
      const at = text.indexOf(END, from);
      if (at < 0) break;
      if (this.#taken++ >= MAX_CAPTURES_PER_SECOND) {
        this.pauses++;
        this.close();
        return '';
      }
      this.#parts.take(text.slice(0, at + END.length));
      text = text.slice(at + END.length);
      from = 0;
    }
    if (text.length <= MAX_TRACE_BYTES) return text;
    this.pauses++;
    this.close();
    return '';
  }
}
