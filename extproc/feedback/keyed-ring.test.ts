import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type HashKey, hashWords } from './hash-words.ts';
import { KeyBytes } from './key-bytes.ts';
import { KeyedRing } from './keyed-ring.ts';

const KIB = 1024;

function keyOf(text: string): KeyBytes {
  const key = new KeyBytes(text.length);
  assert.ok(key.setText(text));
  return key;
}

function hashText(text: string, hashKey: HashKey): number {
  const { words, length } = keyOf(text);
  return hashWords(words, 0, length, hashKey);
}

test('an entry is found by its key, with its time, tag and values', () => {
  const ring = new KeyedRing({ maxEntries: 10, maxBytes: 64 * KIB }, () => {});
  assert.equal(ring.find(keyOf('a')), -1);
  assert.ok(ring.put(keyOf('a'), 7, 3, [1, -2]));
  const at = ring.find(keyOf('a'));
  assert.deepEqual(
    [ring.timeAt(at), ring.tagAt(at), [...ring.valuesAt(at)], ring.isMarked(at)],
    [7, 3, [1, -2], false],
  );
  ring.mark(at, true);
  assert.ok(ring.isMarked(ring.find(keyOf('a'))));
  ring.mark(at, false);
  assert.ok(!ring.isMarked(at));
  assert.equal(ring.find(keyOf('b')), -1);
});

test('over its number of entries, the oldest leaves first', () => {
  const left: number[] = [];
  const ring = new KeyedRing({ maxEntries: 3, maxBytes: 64 * KIB }, (at) =>
    left.push(ring.tagAt(at)),
  );
  for (let tag = 0; tag < 8; tag++) ring.put(keyOf(`key-${tag}`), 0, tag, []);
  assert.deepEqual(left, [0, 1, 2, 3, 4]);
  assert.equal(ring.entries, 3);
  assert.deepEqual(
    [4, 5, 6, 7].map((tag) => ring.find(keyOf(`key-${tag}`)) >= 0),
    [false, true, true, true],
  );
});

test('its memory is bounded, and each byte of it is used before an entry leaves', () => {
  const maxBytes = 64 * KIB;
  let left = 0;
  const ring = new KeyedRing({ maxEntries: 1_000_000, maxBytes }, () => left++);
  const key = (n: number): string => n.toString().padStart(36, '0');
  let put = 0;
  while (left === 0) ring.put(keyOf(key(put++)), 0, 0, [1]);
  // 14 words for an entry of a UUID and one choice, 4 for 64 bytes of buckets.
  assert.ok(ring.bytes > (maxBytes * 16) / 17 - 56 && ring.bytes <= maxBytes, `${ring.bytes}`);
  for (; put < 10_000; put++) ring.put(keyOf(key(put)), 0, 0, [1]);
  assert.ok(ring.bytes <= maxBytes);
  assert.ok(ring.entries > 900 && ring.find(keyOf(key(9999))) >= 0);
});

test('an entry that takes half of the memory or more is not kept, and nothing leaves for it', () => {
  const ring = new KeyedRing({ maxEntries: 10, maxBytes: 64 * KIB }, () => assert.fail());
  ring.put(keyOf('a'), 0, 0, []);
  assert.ok(!ring.put(keyOf('b'.repeat(70_000)), 0, 0, []));
  assert.ok(!ring.put(keyOf('b'), 0, 0, new Int32Array(8192)));
  assert.ok(ring.find(keyOf('a')) >= 0);
  const none = new KeyedRing({ maxEntries: 0, maxBytes: 64 * KIB }, () => {});
  assert.ok(!none.put(keyOf('a'), 0, 0, []));
});

test('bounds that change keep the youngest entries', () => {
  const ring = new KeyedRing({ maxEntries: 100, maxBytes: 64 * KIB }, () => {});
  for (let n = 0; n < 100; n++) ring.put(keyOf(`key-${n}`), n, 0, [n]);
  ring.limit({ maxEntries: 100, maxBytes: 128 * KIB });
  assert.equal(ring.entries, 100);
  ring.limit({ maxEntries: 10, maxBytes: 64 * KIB });
  assert.equal(ring.entries, 10);
  assert.equal(ring.find(keyOf('key-89')), -1);
  assert.deepEqual([...ring.valuesAt(ring.find(keyOf('key-90')))], [90]);
});

/** Of each key the youngest entry is found, and nothing else. */
function lookForAll(ring: KeyedRing, held: readonly (readonly [string, number])[]): void {
  for (let key = 0; key <= 40; key++) {
    const youngest = held.findLast(([text]) => text.length === key);
    const at = ring.find(keyOf('k'.repeat(key)));
    assert.equal(at >= 0, youngest !== undefined, `${key}`);
    if (youngest === undefined) continue;
    assert.equal(ring.tagAt(at), youngest[1]);
    assert.ok(ring.valuesAt(at).every((value) => value === 7));
  }
}

test('it is a map that forgets the oldest, whatever is put into it', () => {
  const put = fc.record({
    kind: fc.constant('put' as const),
    key: fc.nat(40),
    values: fc.nat(300),
  });
  const drop = fc.record({ kind: fc.constant('drop' as const) });
  const limit = fc.record({
    kind: fc.constant('limit' as const),
    entries: fc.integer({ min: 1, max: 60 }),
  });
  const look = fc.record({ kind: fc.constant('look' as const) });
  const step = fc.oneof(
    { weight: 20, arbitrary: put },
    { weight: 2, arbitrary: drop },
    limit,
    look,
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      // What it should hold, the oldest first.
      const held: [key: string, values: number][] = [];
      let most = 60;
      const ring = new KeyedRing({ maxEntries: most, maxBytes: most * 150 }, (at) => {
        const [, values] = held.shift() ?? assert.fail();
        assert.equal(ring.tagAt(at), values);
        assert.equal(ring.valuesAt(at).length, values);
      });
      for (const each of steps) {
        if (each.kind === 'drop') ring.dropOldest();
        else if (each.kind === 'limit') {
          most = each.entries;
          ring.limit({ maxEntries: most, maxBytes: most * 150 });
        } else if (each.kind === 'put') {
          const key = 'k'.repeat(each.key);
          const size = 4 + Math.ceil(key.length / 4) + each.values;
          if (ring.put(keyOf(key), 0, each.values, new Int32Array(each.values).fill(7))) {
            held.push([key, each.values]);
          } else assert.ok(size * 2 > (most * 150 * 16) / 17 / 4, `${size}`);
        } else lookForAll(ring, held);
        assert.equal(ring.entries, held.length);
        assert.ok(held.length <= most && ring.bytes <= most * 150);
      }
      lookForAll(ring, held);
    }),
    { numRuns: 500 },
  );
});

test('the hash depends on its key, and spreads texts that are alike', () => {
  const one = hashText('0f8fad5b-d9cb-469f-a165-70867728950e', [1, 2]);
  assert.notEqual(one, hashText('0f8fad5b-d9cb-469f-a165-70867728950e', [1, 3]));
  assert.equal(one, hashText('0f8fad5b-d9cb-469f-a165-70867728950e', [1, 2]));
  const buckets = new Int32Array(256);
  for (let n = 0; n < 25_600; n++) {
    const bucket = hashText(`request-${n}`, [1, 2]) & 255;
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  assert.ok(Math.max(...buckets) < 150 && Math.min(...buckets) > 50, `${buckets}`);
  for (const text of ['', 'a', 'ab', 'abc', 'abcd', 'abcde'])
    assert.notEqual(hashText(text, [5, 6]), hashText(`${text}\0`, [5, 6]), text);
});

test('a text of more than eight bits a character is no key, nor is one that is too long', () => {
  const key = new KeyBytes(5);
  assert.ok(key.setText('aé\u00ff'));
  assert.deepEqual([key.length, ...key.bytes], [3, 0x61, 0xe9, 0xff, 0, 0]);
  assert.ok(!key.setText('ā'));
  assert.ok(!key.setText('abcdef'));
  assert.equal(key.length, 0);
});
