// The thread that redacts large payloads: takes one after the other and answers with its bytes, or with why there are none.
import { parentPort } from 'node:worker_threads';
import { freeMemory } from '../../lib/runtime/free-memory.ts';
import { plantPaths } from '../../lib/codecs/json/redact.ts';
import { redactPayload } from './redaction.ts';
import type { FromRedactor, ToRedactor } from './redactor.ts';

parentPort?.on('message', ({ bytes, encoding, paths, maxBytes }: ToRedactor) => {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const redacted = redactPayload(body, encoding, plantPaths(paths), maxBytes);
  if (typeof redacted === 'string') answer({ kind: 'withheld', why: redacted });
  else {
    // Memory of its own: what it was made in may be larger, or that of the payload itself.
    const own = new Uint8Array(redacted);
    answer({ kind: 'redacted', bytes: own }, [own.buffer]);
  }
  freeMemory(bytes);
});

function answer(message: FromRedactor, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}
