// Leaves out of payloads what is not to be logged, off the way of every request: small ones in a turn of the event loop of their own, large
// ones in a thread, one at a time. A thread that is gone costs the payload that it had.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Encoding } from '../contract/unpack/encodings.ts';
import { Thread, type ThreadGone, type ThreadJob } from '../contract/thread.ts';
import { type Turn, Turns } from '../contract/unpack/turns.ts';
import type { Path } from '../../lib/codecs/json/paths.ts';
import {
  MAX_REDACTED_EVENT_BYTES,
  MAX_REDACTOR_HEAP_BYTES,
  MAX_WAITING_REDACTIONS,
  REDACT_NOW_BYTES,
  REDACTOR_IDLE_MS,
} from './limits.ts';
import { readEncoding, type CompiledRedaction, redactPayload, type Withheld } from './redaction.ts';

export interface ToRedactor {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly encoding: Encoding | 'identity';
  readonly paths: readonly Path[];
  readonly maxBytes: number;
}

export type FromRedactor =
  | { readonly kind: 'redacted'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'withheld'; readonly why: Withheld };

export type RedactedEvent =
  | { readonly kind: 'redacted'; readonly body: Buffer }
  | { readonly kind: 'withheld'; readonly why: string };

const thread = new Thread<ToRedactor, FromRedactor>({
  entry: new URL('./redactor-thread.ts', import.meta.url),
  maxHeapBytes: MAX_REDACTOR_HEAP_BYTES,
  idleMs: REDACTOR_IDLE_MS,
});
const turns = new Turns(1, MAX_WAITING_REDACTIONS);

/** Never rejects. */
export async function redactEvent(
  body: Buffer,
  contentEncoding: string | undefined,
  redaction: CompiledRedaction,
): Promise<RedactedEvent> {
  const encoding = readEncoding(contentEncoding);
  if (encoding === undefined) return withhold('its content encoding is not read');
  if (body.length > MAX_REDACTED_EVENT_BYTES) return withhold('it is too large');
  await nextTurn();
  try {
    const now = redactPayload(body, encoding, redaction.tree, REDACT_NOW_BYTES);
    if (now !== 'it is too large')
      return typeof now === 'string' ? withhold(now) : { kind: 'redacted', body: now };
  } catch (error) {
    return { kind: 'withheld', why: bugOf(error instanceof Error ? error.stack : undefined) };
  }
  return redactInThread(body, encoding, redaction.paths);
}

/** Where it was, without the message: that may quote the payload. */
function bugOf(stack = ''): string {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return `of a bug in redacting it${frames.join('')}`;
}

function withhold(why: Withheld): RedactedEvent {
  return { kind: 'withheld', why };
}

function redactInThread(
  body: Buffer,
  encoding: Encoding | 'identity',
  paths: readonly Path[],
): Promise<RedactedEvent> {
  return new Promise((resolve) => {
    const job: ThreadJob<FromRedactor> = {
      answered(message: FromRedactor | ThreadGone) {
        thread.leave(job);
        turn?.end();
        resolve(eventOf(message));
      },
    };
    const begin = (): void => {
      const bytes = new Uint8Array(body);
      thread.occupy(job);
      thread.say({ bytes, encoding, paths, maxBytes: MAX_REDACTED_EVENT_BYTES }, [bytes.buffer]);
    };
    const turn: Turn | undefined = turns.take(begin);
    if (turn === undefined) resolve(withhold('too many wait to be redacted'));
  });
}

function eventOf(message: FromRedactor | ThreadGone): RedactedEvent {
  switch (message.kind) {
    case 'redacted': {
      const { buffer, byteOffset, length } = message.bytes;
      return { kind: 'redacted', body: Buffer.from(buffer, byteOffset, length) };
    }
    case 'withheld':
      return message;
    case 'burst':
      return { kind: 'withheld', why: 'it takes too much memory to be redacted' };
    case 'failed':
      return { kind: 'withheld', why: bugOf(message.text) };
  }
}
