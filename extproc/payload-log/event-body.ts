// What is sent of a payload: without what is to be left out, and without compression as Seldon sends it. In: an event as it was taken; out: its
// body, or why there is none to send.
import { gunzip, inflate } from 'node:zlib';
import type { PayloadEvent } from './events.ts';
import { MAX_UNPACKED_EVENT_BYTES } from './limits.ts';
import { redactEvent } from './redactor.ts';

export interface OpenEvent {
  readonly event: PayloadEvent;
  readonly body: Buffer;
  /** Undefined for identity. */
  readonly contentEncoding: string | undefined;
}

export type OpenedBody =
  | ({ readonly kind: 'open' } & OpenEvent)
  | { readonly kind: 'withheld'; readonly why: string };

const UNPACK = { gzip: gunzip, deflate: inflate } as const;

/** Never rejects. */
export async function openBody(event: PayloadEvent): Promise<OpenedBody> {
  const { body, contentEncoding, redaction } = event;
  if (redaction === undefined) return { kind: 'open', event, ...(await plainBody(event)) };
  const redacted = await redactEvent(body, contentEncoding, redaction);
  if (redacted.kind === 'withheld') return redacted;
  return { kind: 'open', event, body: redacted.body, contentEncoding: undefined };
}

/** gzip and deflate are taken off; what cannot be unpacked goes as it is. */
function plainBody({
  body,
  contentEncoding,
}: PayloadEvent): Promise<{ body: Buffer; contentEncoding: string | undefined }> {
  const unpack =
    contentEncoding === 'gzip' || contentEncoding === 'deflate'
      ? UNPACK[contentEncoding]
      : undefined;
  if (unpack === undefined) return Promise.resolve({ body, contentEncoding });
  return new Promise((resolve) => {
    unpack(body, { maxOutputLength: MAX_UNPACKED_EVENT_BYTES }, (error, plain) =>
      resolve(
        error === null ? { body: plain, contentEncoding: undefined } : { body, contentEncoding },
      ),
    );
  });
}
