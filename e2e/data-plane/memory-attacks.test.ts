// Clients that make the filter hold, unpack and read much, beside one that asks for little: the other one's responses all come, in
// time, and the filter's memory stays within what its container has.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { bytesField } from '../../lib/codecs/protobuf/writer.ts';
import { SUPERVISOR_BYTES } from '../../extproc/contract/memory-shares.ts';
import { DEFAULT_SIDECAR } from '../../operator/config/defaults.ts';
import { assertUnharmed, type Bystander, type Seen, startBystander } from '../harness/bystander.ts';
import { ask, askGrpc } from '../harness/client.ts';
import { deployment } from '../harness/manifest.ts';
import { type Running, runGraph, waitFor } from '../harness/run.ts';
import { type GrpcUnit, type RestUnit, startGrpcUnit, startRestUnit } from '../harness/unit.ts';

const MIB = 1024 * 1024;
const LARGE_BYTES = 30_000_000;
const ATTACK = { 'x-attack': 'yes' };
const BODY = '{"data":{"ndarray":[[1,2,3]]}}';
const ATTACK_MS = 5000;
const QUIET_MS = 1500;
/** Outside the heap, some seconds after the last attack: what waits for a collection, and the least that Node has. */
const MAX_LEFT_BYTES = 128 * MIB;
/** Between two requests of one attacker: without it the machine's two cores would be what is measured. */
const PAUSE_MS = 200;
/** The same where each request makes a unit write 30 MB. */
const LONG_PAUSE_MS = 1000;

/** What the worker may take in the container of a sidecar as the operator makes it. */
const CONTAINER_BYTES = Number.parseInt(DEFAULT_SIDECAR.filter.memoryLimit, 10) * MIB;
const MAX_RESIDENT_BYTES = CONTAINER_BYTES - SUPERVISOR_BYTES;

function residentBytes(pid: number): number {
  const found = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) * 1024;
}

describe('attacks on the memory of the filter', () => {
  let bystander: Bystander;
  let large: RestUnit;
  let hanging: RestUnit;
  let grpc: GrpcUnit;
  let running: Running;
  let filterPid = 0;
  let peakBytes = 0;
  let sampling: NodeJS.Timeout;
  const response = Buffer.from(`{"strData":"${'a'.repeat(LARGE_BYTES)}"}`);
  const packed = gzipSync(response);

  before(async () => {
    bystander = await startBystander();
    // The next unit lets the response wait.
    large = await startRestUnit(({ headers }) =>
      headers['x-attack'] === 'packed'
        ? { headers: { 'content-encoding': 'gzip' }, body: packed }
        : { body: response },
    );
    hanging = await startRestUnit(() => new Promise(() => {}));
    grpc = await startGrpcUnit(() => new Promise(() => {}));
    const { routerPort, echoPort } = bystander;
    const node = (name: string, type: string, port: number) => ({
      name,
      type,
      port,
      grpcPort: grpc.port,
    });
    running = await runGraph(
      deployment(
        {
          ...node('r', 'ROUTER', routerPort),
          children: [
            { ...node('t', 'TRANSFORMER', echoPort), children: [node('m', 'MODEL', echoPort)] },
            {
              name: 'v',
              implementation: 'AVERAGE_COMBINER',
              children: [
                {
                  ...node('big', 'TRANSFORMER', large.port),
                  children: [node('hang', 'MODEL', hanging.port)],
                },
              ],
            },
          ],
        },
        { 'sidegraph.io/deadline-ms': '4000' },
      ),
    );
    await waitFor(
      () => running.filterPids().length === 1,
      20_000,
      () => 'the filter',
    );
    [filterPid = 0] = running.filterPids();
    assert.deepEqual((await watch(QUIET_MS)).failures, {});
    sampling = setInterval(() => {
      peakBytes = Math.max(peakBytes, residentBytes(filterPid));
    }, 20);
  });

  after(async () => {
    clearInterval(sampling);
    bystander.stop();
    await running.stop();
    for (const unit of [large, hanging, grpc]) await unit.close();
  });

  function watch(ms: number): Promise<Seen> {
    return bystander.watch({ port: running.port, ms });
  }

  async function metric(name: string): Promise<number> {
    const { text } = await ask(running.port, { method: 'GET', path: '/metrics' });
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  }

  /** Attacks with so many requests at a time while the bystander looks; responses by code. */
  async function attack(
    what: string,
    clients: number,
    pauseMs: number,
    once: () => Promise<string>,
  ): Promise<Readonly<Record<string, number>>> {
    const responses: Record<string, number> = {};
    await isUnharmed(what, async () => {
      let over = false;
      const loop = async (): Promise<void> => {
        while (!over) {
          const code = await once();
          responses[code] = (responses[code] ?? 0) + 1;
          await sleep(pauseMs);
        }
      };
      const attackers = Array.from({ length: clients }, loop);
      const seen = await watch(ATTACK_MS);
      over = true;
      await Promise.all(attackers);
      return seen;
    });
    return responses;
  }

  /** That the bystander noticed little, and that nothing stays. */
  async function isUnharmed(what: string, once: () => Promise<Seen>): Promise<void> {
    peakBytes = 0;
    const { quiet, seen } = await assertUnharmed({
      what,
      attack: once,
      rest: () => watch(QUIET_MS),
    });
    const facts = `${what}: ${JSON.stringify({ quiet, seen, peakMib: peakBytes / MIB })}`;
    assert.ok(peakBytes < MAX_RESIDENT_BYTES, facts);
    assert.deepEqual(running.filterPids(), [filterPid], facts);
    let held = -1;
    await waitFor(
      () => {
        void metric('sidegraph_filter_held_bytes').then((bytes) => {
          held = bytes;
        });
        return held === 0;
      },
      20_000,
      () => `no byte held, now ${held}`,
    );
    console.log(facts);
  }

  async function codeOf(reply: ReturnType<typeof ask>): Promise<string> {
    const { status, headers } = await reply;
    return `${status} ${String(headers['sidegraph-error'] ?? '')}`;
  }

  test('compressed gRPC messages that become 32 MiB each', async () => {
    const size = 32 * MIB - 100;
    const inner = bytesField(5, Buffer.alloc(size, 'a'));
    const zipped = gzipSync(inner);
    const message = Buffer.alloc(5);
    message[0] = 1;
    message.writeUInt32BE(zipped.length, 1);
    const headers = { 'grpc-encoding': 'gzip', ...ATTACK };
    const responses = await attack('gRPC', 40, PAUSE_MS, async () => {
      const { status, statusMessage } = await askGrpc(running.grpcPort, {
        frame: Buffer.concat([message, zipped]),
        headers,
      });
      return `${status} ${statusMessage.slice(0, 10)}`;
    });
    assert.ok((responses['14 OVERLOADED'] ?? 0) > 0, JSON.stringify(responses));
    const refused = await metric('sidegraph_filter_overloaded_total');
    assert.ok(refused > 0, String(refused));
  });

  for (const encoding of ['gzip', 'br'] as const) {
    test(`a feedback in ${encoding} that becomes 32 MiB`, async () => {
      const body = Buffer.from(`{"reward":1,"p":[0${',{"a":0}'.repeat(4 * MIB)}]}`);
      const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
      const zipped = encoding === 'gzip' ? gzipSync(body) : brotliCompressSync(body, quality);
      await attack(`feedback in ${encoding}`, 4, PAUSE_MS, () =>
        codeOf(
          ask(running.port, {
            path: '/api/v1.0/feedback',
            headers: { 'content-encoding': encoding, ...ATTACK },
            body: zipped,
          }),
        ),
      );
    });
  }

  for (const kind of ['plain', 'packed']) {
    test(`twelve responses of 30 MB, ${kind}, that wait for the next unit`, async () => {
      const responses = await attack(`responses, ${kind}`, 12, LONG_PAUSE_MS, () =>
        codeOf(ask(running.port, { headers: { 'x-attack': kind }, body: BODY })),
      );
      if (kind === 'plain')
        assert.ok((responses['503 OVERLOADED'] ?? 0) > 0, JSON.stringify(responses));
    });
  }

  test('uploads of 31 MB that stop on the way', async () => {
    await isUnharmed('uploads', async () => {
      const stopped = new AbortController();
      const uploads = Array.from({ length: 20 }, () => stalledUpload(running.port, stopped.signal));
      const seen = await watch(ATTACK_MS);
      // A large request of someone else finds room as well.
      const other = await ask(running.port, { body: `{"strData":"${'a'.repeat(8 * MIB)}"}` });
      assert.equal(other.status, 200, other.text.slice(0, 200));
      stopped.abort();
      await Promise.all(uploads);
      return seen;
    });
  });

  test('memory goes back', async () => {
    let external = Number.POSITIVE_INFINITY;
    await waitFor(
      () => {
        void metric('sidegraph_filter_external_bytes').then((bytes) => {
          external = bytes;
        });
        return external < MAX_LEFT_BYTES;
      },
      30_000,
      () => `less than ${MAX_LEFT_BYTES} bytes outside the heap, now ${external}`,
    );
    console.log(`resident afterwards: ${residentBytes(filterPid) / MIB} MiB`);
  });
});

/** Sends most of a body and then nothing, until the signal. */
async function stalledUpload(port: number, signal: AbortSignal): Promise<void> {
  const { request } = await import('node:http');
  await new Promise<void>((resolve) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: '/api/v1.0/predictions',
      headers: { 'content-type': 'application/json', 'content-length': 31_000_000 },
      signal,
    });
    outgoing.on('response', (response) => response.resume());
    outgoing.on('error', () => resolve());
    outgoing.on('close', () => resolve());
    outgoing.write(Buffer.alloc(30_000_000, ' '));
  });
}
