import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDrawn, isSampledByCaller } from './tracing.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
/** Envoy's `safe_regex` has to match the whole value. */
const matches = (header: unknown, value: string): boolean => {
  const { string_match: wanted, invert_match: inverted = false } = header as {
    string_match: { suffix?: string; safe_regex?: { regex: string } };
    invert_match?: boolean;
  };
  const found =
    wanted.suffix === undefined
      ? new RegExp(`^(?:${wanted.safe_regex?.regex})$`).test(value)
      : value.endsWith(wanted.suffix);
  return found !== inverted;
};

test('the expression of a share takes as many of the random numbers as the share says', () => {
  const all = 16 ** 5;
  for (const millionths of [1, 25_000, 999_999, 1_000_000]) {
    const [, header] = isDrawn(millionths);
    const regex = (header as unknown as { string_match: { safe_regex: { regex: string } } })
      .string_match.safe_regex.regex;
    const own = new RegExp(`^(?:${regex})$`);
    let taken = 0;
    for (let number = 0; number < all; number++)
      if (own.test(`00-${'0'.repeat(16)}${number.toString(16).padStart(5, '0')}f`)) taken++;
    assert.equal(taken, Math.max(1, Math.round((millionths / 1_000_000) * all)), `${millionths}`);
  }
});

test('a context that a client sent is never drawn', () => {
  const isTaken = (value: string) => isDrawn(1_000_000).every((each) => matches(each, value));
  assert.equal(isTaken(`00-${TRACE.slice(16).padStart(32, '0')}-0000000000000001-00`), true);
  assert.equal(isTaken(`00-${TRACE}-${SPAN}-00`), false);
  assert.equal(isTaken(`00-${TRACE}-${SPAN}-01`), false);
});

test("the caller's flag decides, whatever the other flags are", () => {
  const isTaken = (value: string) => isSampledByCaller().every((each) => matches(each, value));
  for (const flags of ['01', '03', 'ff', '0b']) assert.ok(isTaken(`00-${TRACE}-${SPAN}-${flags}`));
  for (const flags of ['00', '02', 'fe', ''])
    assert.ok(!isTaken(`00-${TRACE}-${SPAN}-${flags}`), flags);
  assert.ok(!isTaken('x'));
});
