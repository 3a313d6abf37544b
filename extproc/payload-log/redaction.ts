// What is left out of the payloads of a unit, and the step that leaves it out: pure, the same on the event loop and in a thread. In: a payload
// as it was sent; out: one without compression and without those values, or why there is none. Nothing is ever passed on unread.
import { parsePath, type Path } from '../../lib/codecs/json/paths.ts';
import { plantPaths, type PathTree, redact } from '../../lib/codecs/json/redact.ts';
import { type Encoding, encodingOf, unpackNow } from '../contract/unpack/encodings.ts';
import type { PayloadKind } from '../contract/payload-sink.ts';

export interface CompiledRedaction {
  readonly paths: readonly Path[];
  readonly tree: PathTree;
}

/** Why a payload with something to leave out is not sent; for the log. */
export type Withheld =
  | 'it is no JSON'
  | 'it is too large'
  | 'it is gRPC'
  | 'it has binary tensors'
  | 'its content encoding is not read'
  | 'its content encoding is broken'
  | 'too many wait to be redacted';

/** A string, whatever was there: JSON stays JSON. */
const REPLACEMENT = Buffer.from('"[redacted]"');

/** Throws for a path that is none: such a plan is not loaded. */
export function prepareRedaction(
  texts: readonly string[],
): Readonly<Record<PayloadKind, CompiledRedaction>> {
  const paths = texts.map((text) => {
    const read = parsePath(text);
    if (read.kind === 'wrong') throw new Error(`the path ${text} cannot be used: ${read.what}`);
    return read.path;
  });
  const message = withTree(paths);
  // A feedback has a request, a response and the truth in it, each a message.
  const feedback = withTree([...paths, ...paths.map((path): Path => [{ kind: 'any' }, ...path])]);
  return { request: message, response: message, feedback };
}

function withTree(paths: readonly Path[]): CompiledRedaction {
  return { paths, tree: plantPaths(paths) };
}

/** `identity` for none; undefined for one that is not read. */
export function readEncoding(name: string | undefined): Encoding | 'identity' | undefined {
  const word = name?.trim().toLowerCase() ?? '';
  return word === '' || word === 'identity' ? 'identity' : encodingOf(word);
}

/** `maxBytes` bounds the payload as it was sent, without compression, and redacted. */
export function redactPayload(
  body: Buffer,
  encoding: Encoding | 'identity',
  tree: PathTree,
  maxBytes: number,
): Buffer | Withheld {
  if (body.length > maxBytes) return 'it is too large';
  const plain = encoding === 'identity' ? body : unpackNow(body, encoding, maxBytes);
  if (plain === 'too-large') return 'it is too large';
  if (plain === 'broken') return 'its content encoding is broken';
  const redacted = redact(plain, tree, REPLACEMENT, maxBytes);
  if (redacted === 'too-large') return 'it is too large';
  return redacted === 'invalid' ? 'it is no JSON' : redacted;
}
