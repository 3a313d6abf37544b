// HPACK against node:http2: a unit answers with random headers and trailers, which must arrive as they left. Damaged
// blocks must be read or refused, never thrown at.
import assert from 'node:assert/strict';
import { type CallResult, type UnitClient } from '../../../contract/calls.ts';
import { Http2Client } from '../../http2/client.ts';
import { decodeBlock, encodeField } from '../../../../lib/codecs/http2/hpack.ts';
import { callOnce } from '../calling.ts';
import { answerOk, type H2Server, startH2Server } from '../h2-server.ts';
import { mutate, type Random } from './random.ts';

type Fields = Record<string, string>;

export interface EchoUnit {
  readonly server: H2Server;
  readonly client: UnitClient;
  /** What the unit answers with next. */
  next: { headers: Fields; trailers: Fields };
}

export async function startEchoUnit(): Promise<EchoUnit> {
  const next = { headers: {}, trailers: {} };
  const server = await startH2Server((r) => {
    answerOk(r, 'x', unit.next.headers, { 'grpc-status': '0', ...unit.next.trailers });
  });
  const { port } = server;
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
  const unit: EchoUnit = {
    server,
    client: new Http2Client({ address, host: `127.0.0.1:${port}` }),
    next,
  };
  return unit;
}

export async function fuzzHeaders(random: Random, unit: EchoUnit): Promise<void> {
  const headers = randomFields(random, 'a');
  const trailers = randomFields(random, 'b');
  unit.next = { headers, trailers };
  const result: CallResult = await callOnce(unit.client, {
    path: '/a.B/C',
    contentType: undefined,
  });
  assert.equal(result.kind, 'response', JSON.stringify(result));
  if (result.kind !== 'response') return;
  assert.deepEqual([...result.head.entries()], Object.entries(headers).flat());
  assert.deepEqual([...(result.head.trailers?.() ?? [])], Object.entries(trailers).flat());
}

/** Our own blocks, back as they were; damaged ones, without an exception. */
export function fuzzBlock(random: Random): void {
  const fields = Object.entries(randomFields(random, 'c')).flat();
  const pieces: Buffer[] = [];
  for (let i = 0; i < fields.length; i += 2)
    pieces.push(encodeField(fields[i] ?? '', fields[i + 1] ?? ''));
  const block = Buffer.concat(pieces);
  assert.deepEqual(decodeBlock(block, 0, block.length), fields);
  const damaged = mutate(random, block);
  const read = decodeBlock(damaged, 0, damaged.length);
  assert.ok(read === undefined || read.length <= damaged.length * 2);
  const noise = Buffer.from(Array.from({ length: random.int(60) }, () => random.int(256)));
  decodeBlock(noise, 0, noise.length);
}

function randomFields(random: Random, prefix: string): Fields {
  const fields: Fields = {};
  for (let i = random.int(5); i > 0; i--) {
    const name = random.pick([
      `${prefix}-${random.int(1000)}`,
      `${prefix}_${'long'.repeat(random.int(40))}`,
    ]);
    fields[name] = randomValue(random);
  }
  return fields;
}

function randomValue(random: Random): string {
  const length = random.pick([0, 1, random.int(20), random.int(400)]);
  const first = random.pick([32, 33, 97]);
  const range = random.pick([26, 94, 223]);
  let value = '';
  for (let i = 0; i < length; i++) {
    const code = first + random.int(Math.min(range, 256 - first));
    value += String.fromCharCode(code === 127 ? 65 : code);
  }
  // The runtime takes the spaces off the ends of a value.
  return value.trim();
}
