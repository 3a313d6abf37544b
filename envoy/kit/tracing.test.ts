import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDrawn, isSampledByCaller } from './tracing.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
/** Envoy's `safe_regex` has to match the whole value. */
const matches = (header: unknown, value: string): boolean => {
  const { string_match: wanted, invert_match: inverted = false } = header as {
    string_match: { prefix?: string; suffix?: string; safe_regex?: { regex: string } };
    invert_match?: boolean;
  };
  const { prefix, suffix, safe_regex: expression } = wanted;
  const found =
    expression === undefined
      ? value.startsWith(prefix ?? '') && value.endsWith(suffix ?? '')
      : new RegExp(`^(?:${expression.regex})$`).test(value);
  return found !== inverted;
};

test('the expression of a share takes as many of the random numbers as the share says', () => {
  const all = 16 ** 5;
  for (const millionths of [1, 25_000, 62_500, 999_999, 1_000_000]) {
    const header = isDrawn(millionths).at(-1) as unknown as {
      string_match: { safe_regex: { regex: string } };
    };
    const own = new RegExp(`^(?:${header.string_match.safe_regex.regex})$`);
    const idOf = (number: number): string =>
      `00-${'0'.repeat(16)}${number.toString(16).padStart(5, '0')}00000000000`;
    let taken = 0;
    for (let number = 0; number < all; number++) if (own.test(idOf(number))) taken++;
    // What comes before the expression excludes none of them.
    for (const number of [0, taken - 1])
      assert.ok(
        isDrawn(millionths).every((each) => matches(each, `${idOf(number)}-0000000000000001-00`)),
      );
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
