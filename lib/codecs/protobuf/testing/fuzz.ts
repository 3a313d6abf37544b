// Compares the field reader with protobufjs on generated and damaged messages, and the writer with the reader. Run:
// `$(scripts/node-path.sh) lib/codecs/protobuf/testing/fuzz.ts --iterations 1000000 --seed 1`; the tests run a short piece of it.
import { parseArgs } from 'node:util';
import protobuf from 'protobufjs';
import { FieldReader, readInt32, VARINT } from '../reader.ts';
import { bytesField, floatField, int32Field, stringField } from '../writer.ts';

/** Messages that may be hard, in hex. */
export const SEEDS: readonly string[] = [
  '',
  '00',
  '08',
  '0801',
  '08ffffffffffffffffff01',
  '08ffffffffffffffffffff01',
  '0a',
  '0a05',
  '0a0568656c6c6f',
  '0affffffff0f',
  '0affffffffffffffffff01',
  '0d00000000',
  '0900000000000000f03f',
  '0b0c',
  '0f',
  '1a0a120811000000000000f03f',
];

function seededRandom(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Random = (below: number) => number;

function generate(random: Random, depth: number): Buffer {
  const parts: Buffer[] = [];
  for (let count = random(5); count > 0; count--) {
    const field = 1 + random(random(4) === 0 ? 3000 : 12);
    const kind = random(5);
    if (kind === 0) parts.push(int32Field(field, random(0xffffffff) | 0));
    else if (kind === 1) parts.push(floatField(field, random(1000) / 7));
    else if (kind === 2) parts.push(stringField(field, 'é'.repeat(random(100))));
    else if (kind === 3) parts.push(Buffer.concat([int32Field(field, random(300))]));
    else parts.push(bytesField(field, depth < 4 ? generate(random, depth + 1) : Buffer.alloc(3)));
  }
  return Buffer.concat(parts);
}

function damage(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0 || random(3) === 0) return bytes;
  const at = random(bytes.length);
  if (random(2) === 0) return bytes.subarray(0, at);
  const changed = Buffer.from(bytes);
  changed[at] = random(256);
  return changed;
}

/** What protobufjs reads: `field/wire:start-end` and for varints the int32; undefined when it refuses. */
function readByPeer(bytes: Buffer): string[] | undefined {
  const reader = protobuf.Reader.create(bytes);
  const fields: string[] = [];
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const wire = tag & 7;
      const field = tag >>> 3;
      if (field === 0 || wire === 3 || wire === 4) return undefined;
      let start = reader.pos;
      let value = '';
      if (wire === VARINT) {
        value = String(reader.int32());
      } else if (wire === 2) {
        const length = reader.uint32();
        start = reader.pos;
        reader.skip(length);
      } else {
        reader.skipType(wire);
      }
      fields.push(`${field}/${wire}:${start}-${reader.pos} ${value}`);
    }
  } catch {
    return undefined;
  }
  return fields;
}

function readByUs(bytes: Buffer): string[] | undefined {
  const reader = new FieldReader(bytes);
  const fields: string[] = [];
  while (reader.next()) {
    const value = reader.wire === VARINT ? String(readInt32(bytes, reader.start, reader.end)) : '';
    fields.push(`${reader.field}/${reader.wire}:${reader.start}-${reader.end} ${value}`);
  }
  return reader.broken ? undefined : fields;
}

/** Whether some tag or length is written in more bytes than 32 bits need: refused here, cut there. */
function hasLongVarint(bytes: Buffer): boolean {
  let run = 0;
  for (const byte of bytes) {
    run = byte >= 0x80 ? run + 1 : 0;
    if (run >= 4) return true;
  }
  return false;
}

/** What the two readers say differently; undefined when they agree. */
export function difference(bytes: Buffer): string | undefined {
  const ours = readByUs(bytes)?.join(', ');
  const theirs = readByPeer(bytes)?.join(', ');
  if (ours === theirs) return undefined;
  if (ours === undefined && hasLongVarint(bytes)) return undefined;
  return `protobufjs: ${theirs ?? 'refused'}; reader: ${ours ?? 'refused'}`;
}

/** Runs until the iterations are over or a difference is found, which it returns with its input. */
export function fuzz(iterations: number, seed: number): string | undefined {
  const random = seededRandom(seed);
  for (let i = 0; i < iterations; i++) {
    const bytes =
      random(10) === 0
        ? Buffer.from(SEEDS[random(SEEDS.length)] ?? '', 'hex')
        : generate(random, 0);
    const input = damage(random, bytes);
    const found = difference(input);
    if (found !== undefined) return `${input.toString('hex')}: ${found}`;
  }
  return undefined;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      iterations: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const found = fuzz(Number(values.iterations), Number(values.seed));
  console.log(found ?? `${values.iterations} messages: no difference`);
  process.exitCode = found === undefined ? 0 : 1;
}
