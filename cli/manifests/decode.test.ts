import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeText } from './decode.ts';

const TEXT = 'kind: SeldonDeployment\nname: caf\u00e9 \u4e2d \u{1F600}\n';

function why(bytes: Buffer): string {
  const decoded = decodeText(bytes);
  assert.ok(decoded.kind === 'not-utf8', 'is told');
  assert.ok(decoded.advice.includes('UTF-8'));
  return decoded.why;
}

test('UTF-8 is read, with or without a mark of byte order', () => {
  for (const bytes of [Buffer.from(TEXT), Buffer.from(`\uFEFF${TEXT}`)])
    assert.deepEqual(decodeText(bytes), { kind: 'text', text: TEXT });
  assert.deepEqual(decodeText(Buffer.alloc(0)), { kind: 'text', text: '' });
  assert.deepEqual(decodeText(Buffer.from('\uFFFD')), { kind: 'text', text: '\uFFFD' });
});

test('UTF-16 and UTF-32 are named, with a mark of byte order and without', () => {
  const little = Buffer.from(TEXT, 'utf16le');
  const big = Buffer.from(TEXT, 'utf16le').swap16();
  assert.equal(why(Buffer.concat([Buffer.from([0xff, 0xfe]), little])), 'is UTF-16LE, not UTF-8');
  assert.equal(why(Buffer.concat([Buffer.from([0xfe, 0xff]), big])), 'is UTF-16BE, not UTF-8');
  assert.equal(why(Buffer.from('kind: x\n', 'utf16le')), 'is UTF-16LE, not UTF-8');
  assert.equal(why(Buffer.from('kind: x\n', 'utf16le').swap16()), 'is UTF-16BE, not UTF-8');
  const wide = Buffer.from([...'kind'].flatMap((char) => [char.charCodeAt(0), 0, 0, 0]));
  assert.equal(why(wide), 'is UTF-32LE, not UTF-8');
});

test('the first byte that does not fit is named with its place', () => {
  assert.equal(
    why(Buffer.from('a: 1\nb: caf\u00e9\n', 'latin1')),
    'is not UTF-8: byte 0xE9 in line 2, column 7',
  );
  assert.equal(why(Buffer.from([0x61, 0xe4, 0xb8])), 'is not UTF-8: byte 0xE4 in line 1, column 2');
  assert.equal(
    why(Buffer.from([0xc3, 0xa9, 0x0a, 0xff, 0x61])),
    'is not UTF-8: byte 0xFF in line 2, column 1',
  );
  assert.equal(
    why(Buffer.from('\u00e9\u00e9 x \x93y\x94', 'latin1')),
    'is not UTF-8: byte 0xE9 in line 1, column 1',
  );
});
