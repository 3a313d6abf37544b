// The numbers are compared with what JSON.parse reads and JSON.stringify writes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from './testing/fuzz.ts';
import { NumberList, readNumberList, writeNumbers } from './numbers.ts';

const list = new NumberList();

function read(text: string): { shape: readonly number[]; values: number[] } | string {
  const bytes = Buffer.from(` ${text} `);
  const shape = readNumberList(bytes, 1, bytes.length - 1, list);
  if (typeof shape === 'string') return shape;
  return { shape, values: Array.from(list.values.subarray(0, list.length)) };
}

function write(shape: readonly number[], values: readonly number[]): string {
  const text = writeNumbers(shape, values);
  return typeof text === 'string' ? text : text.toString('latin1');
}

test('a number is read as JSON.parse reads it', () => {
  const texts =
    `0 -0 1 -1 10 0.1 -0.25 1.10000 1e3 1E+3 25e-2 0e5 1e22 1e23 0.1e-6 5e-324 1e-400 1e999 -1e999
    1e99999999999 1.7976931348623157e308 123456789012345 9007199254740991 9007199254740993 90071992547409920
    0.30000000000000004 12345678901234567890.5 0.000000000000000000000000000001 8.41`.split(/\s+/);
  const zeros = '0'.repeat(10_008);
  for (const text of [...texts, `0.${zeros}1e20000`, `0.${zeros}1e10011`, `1${zeros}e-10008`])
    assert.deepEqual(read(text), { shape: [], values: [JSON.parse(text)] }, text);
});

test('the shape of nested arrays is found', () => {
  const shapes: readonly (readonly [string, readonly number[]])[] = [
    ['[]', [0]],
    ['[[],[]]', [2, 0]],
    ['[1,2,3]', [3]],
    ['[ [1 , 2],\n\t[3,4],[5,6] ]', [3, 2]],
    ['[[[1]],[[2]]]', [2, 1, 1]],
  ];
  for (const [text, shape] of shapes) {
    const values = JSON.parse(text).flat(Number.POSITIVE_INFINITY) as number[];
    assert.deepEqual(read(text), { shape, values }, text);
  }
});

test('what is no regular array of numbers is told apart', () => {
  const texts =
    `[1,[2]] [[1],2] [[1],[2,3]] [[1,2],[3]] [[],1] [[],[1]] [[1],[]] [[],[[]]] [[[]],[]]
    "1" ["1"] null [null] [true] {} [{"a":1}]`.split(/\s+/);
  for (const text of texts) assert.equal(read(text), 'irregular', text);
});

test('numbers are written as JSON.stringify writes them, and −0 with its sign', () => {
  const texts =
    `0 1 -1 0.5 -1.25 1.00001 9999999 9999999.99999999 10000000 123456.789 0.000001 0.00000123 1e-7 1.5e-8
    1e21 9007199254740992 0.3333333333333333 0.30000000000000004 0.99999999 0.999999999`.split(
      /\s+/,
    );
  for (const text of texts) assert.equal(write([], [Number(text)]), JSON.stringify(Number(text)));
  assert.equal(write([2], [-0, 0]), '[-0.0,0]');
  assert.equal(write([2, 2], [1, 2.5, 3, 4]), '[[1,2.5],[3,4]]');
  assert.equal(write([2, 0], []), '[[],[]]');
  assert.equal(write([0], []), '[]');
  assert.equal(write([1, 2, 1], [1, 2]), '[[[1],[2]]]');
});

test('generated numbers come back as they were, few of them and many', () => {
  const random = seededRandom(7);
  for (let turn = 0; turn < 400; turn++) {
    const [rows, columns] = [1 + random(4), 1 + random(turn % 40 === 0 ? 4000 : 30)];
    const places = random(10);
    const size = 10 ** random(9);
    const values = Array.from({ length: rows * columns }, () =>
      Number((((random(2_000_000_000) - 1e9) / 1e9) * size).toFixed(places)),
    );
    const nested = Array.from({ length: rows }, (_, row) =>
      values.slice(row * columns, (row + 1) * columns),
    );
    const text = JSON.stringify(nested);
    const found = read(text);
    if (found !== 'long') {
      // JSON has no -0.
      const wanted = values.map((value) => value + 0);
      assert.deepEqual(found, { shape: [rows, columns], values: wanted });
    }
    const written = write([rows, columns], values);
    if (written !== 'long') assert.equal(written.replaceAll(/-0\.0(?!\d)/g, '0'), text);
  }
});

test('many long numbers are left to JSON.parse and JSON.stringify', () => {
  const values = Array.from({ length: 100 }, (_, at) => Math.sqrt(at + 2));
  assert.equal(read(JSON.stringify(values)), 'long');
  assert.equal(write([100], values), 'long');
});
