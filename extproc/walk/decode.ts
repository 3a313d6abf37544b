// Takes the content encoding off a message that has to be read. In: a message as a unit sent it; out: one without
// encoding, or the reason why there is none. Units are asked for plain answers, so this is the way of a few.
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import type { AnswerHead, Message } from '../message.ts';
import type { Fault } from './outcome.ts';

/** A head whose answer has been unpacked: all but its content encoding. */
function plainHead(head: AnswerHead): AnswerHead {
  return {
    status: head.status,
    find: (name) => (name === 'content-encoding' ? null : head.find(name)),
    entries() {
      const entries = head.entries();
      const kept: string[] = [];
      for (let at = 0; at + 1 < entries.length; at += 2) {
        if (entries[at] === 'content-encoding') continue;
        kept.push(entries[at] as string, entries[at + 1] as string);
      }
      return kept;
    },
  };
}

function unpack(body: Buffer, encoding: string, maxOutputLength: number): Buffer | undefined {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return gunzipSync(body, { maxOutputLength });
    case 'br':
      return brotliDecompressSync(body, { maxOutputLength });
    case 'deflate':
      // Both zlib's and the raw format go by this name; zlib's begins with method 8.
      return ((body[0] ?? 0) & 0x0f) === 8
        ? inflateSync(body, { maxOutputLength })
        : inflateRawSync(body, { maxOutputLength });
    default:
      return undefined;
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

/** The message without content encoding, at most `maxBytes` long; `from` names its sender in the fault. */
export function decodeMessage(message: Message, maxBytes: number, from: string): Message | Fault {
  const encoding = message.contentEncoding?.trim().toLowerCase();
  if (encoding === undefined || encoding === '' || encoding === 'identity') return message;
  let body: Buffer | undefined;
  try {
    body = message.body.length === 0 ? message.body : unpack(message.body, encoding, maxBytes);
  } catch (error) {
    if (isTooLarge(error)) {
      const info = `${from}: unpacked, the answer is over ${maxBytes} bytes`;
      return { kind: 'error', code: 'ANSWER_TOO_LARGE', info };
    }
  }
  if (body === undefined) {
    const info = `${from}: cannot read content encoding "${encoding}"`;
    return { kind: 'error', code: 'ANSWER_NOT_DECODABLE', info };
  }
  const head = message.head === null ? null : plainHead(message.head);
  return { body, contentType: message.contentType, contentEncoding: null, head };
}
