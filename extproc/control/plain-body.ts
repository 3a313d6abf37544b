// What a unit said of itself, without the content encoding that it came in.
import { encodingOf } from '../contract/unpack/encodings.ts';
import { unpack } from '../contract/unpack/unpack.ts';
import type { HeldAccount } from '../contract/held-bytes.ts';
import type { UnitResponse } from './ask-unit.ts';
import { MAX_UNIT_INFO_BYTES } from './limits.ts';

/** Some units compress for everybody. undefined when that cannot be read. */
export function plainBody(
  { body, contentEncoding }: UnitResponse,
  maxAnswerBytes: number,
  account: HeldAccount,
): Promise<Buffer | undefined> {
  const name = contentEncoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return Promise.resolve(body);
  const encoding = encodingOf(name);
  const maxBytes = Math.min(maxAnswerBytes, MAX_UNIT_INFO_BYTES);
  if (encoding === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    unpack(body, encoding, maxBytes, account, (unpacked) =>
      resolve(unpacked.kind === 'plain' ? unpacked.body : undefined),
    );
  });
}
