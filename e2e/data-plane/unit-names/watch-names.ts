// The program that runs in the network of its own: graphs whose unit is reached by a name, at three places, while what the name is
// changes. Writes what clients saw as one line of JSON.
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from '../../harness/client.ts';
import { deployment, model, type Node } from '../../harness/manifest.ts';
import { type Running, runGraph } from '../../harness/run.ts';
import { type RestUnit, echo, startRestUnit } from '../../harness/unit.ts';
import { type NameServer, startNameServer } from './name-server.ts';
import type { Observed, PlaceSeen, Seen } from './observed.ts';

const HOST = 'unit.test';
const TTL_SECONDS = 1;
/** Longer than a time to live and the least time between two look-ups together. */
const SETTLE_MS = 2500;
/** How long names fail. */
const OUTAGE_MS = 2200;
const SOON_MS = 15_000;

type Place = keyof Seen;
type Asks = { readonly [place in Place]: Running };

const addresses = (...list: string[]) =>
  ({ kind: 'addresses', addresses: list, ttl: TTL_SECONDS }) as const;

/** Answers with the address on which it listens. */
const startAt = (host: string, port = 0): Promise<RestUnit> =>
  startRestUnit(() => ({ body: JSON.stringify({ at: host }) }), port, host);

async function main(): Promise<Observed> {
  const names = await startNameServer(addresses('::1', '127.0.0.1'));
  const first = await startAt('127.0.0.1');
  const healthy = await startRestUnit(echo);
  const named: Node = { ...model('m', first.port), host: HOST };
  const graphs: { readonly [place in Place]: Node } = {
    native: named,
    tail: { name: 't', type: 'TRANSFORMER', port: healthy.port, children: [named] },
    side: { ...named, type: 'TRANSFORMER', children: [model('h', healthy.port)] },
  };
  const [native, tail, side] = await Promise.all(
    [graphs.native, graphs.tail, graphs.side].map((graph) => runGraph(deployment(graph))),
  );
  if (native === undefined || tail === undefined || side === undefined) throw new Error('no graph');
  const asks: Asks = { native, tail, side };

  const bothFamilies = await seeEach(asks, (port) => askTimes(port, 20));
  const ready = await seeEach(asks, async (port) =>
    tally([await ask(port, { method: 'GET', path: '/ready' })].map((reply) => `${reply.status}`)),
  );
  names.set(addresses('127.0.0.9', '127.0.0.1'));
  await delay(SETTLE_MS);
  const oneOfTwoDead = await seeEach(asks, (port) => askTimes(port, 20));

  const second = await startAt('127.0.0.3', first.port);
  names.set(addresses('127.0.0.1', '127.0.0.3'));
  await delay(SETTLE_MS);
  const twoAlive = await seeEach(asks, (port) => askTimes(port, 60));

  names.set(addresses('127.0.0.1'));
  await delay(SETTLE_MS);
  const outages: Observed['outages'] = {
    nxdomain: await seeOutage(names, asks, 'nxdomain'),
    servfail: await seeOutage(names, asks, 'servfail'),
    silent: await seeOutage(names, asks, 'silent'),
    empty: await seeOutage(names, asks, 'empty'),
  };

  names.set(addresses('127.0.0.1'));
  await delay(SETTLE_MS);
  names.set(addresses('127.0.0.3'));
  const moved = await seeEach(asks, (port) => untilAt(port, '127.0.0.3'));
  await first.close();
  const oldOneGone = await seeEach(asks, (port) => askTimes(port, 20));
  await Promise.all([native, tail, side].map((running) => running.stop()));
  await Promise.all([second.close(), healthy.close(), names.close()]);
  return { bothFamilies, ready, oneOfTwoDead, twoAlive, outages, moved, oldOneGone };
}

async function seeEach(asks: Asks, look: (port: number) => Promise<PlaceSeen>): Promise<Seen> {
  const [native, tail, side] = await Promise.all([
    look(asks.native.port),
    look(asks.tail.port),
    look(asks.side.port),
  ]);
  return { native, tail, side };
}

async function seeOutage(
  names: NameServer,
  asks: Asks,
  kind: 'nxdomain' | 'servfail' | 'silent' | 'empty',
): Promise<Seen> {
  names.set(kind === 'empty' ? addresses() : { kind });
  const endMs = performance.now() + OUTAGE_MS;
  const seen = await seeEach(asks, async (port) => {
    const all: string[] = [];
    while (performance.now() < endMs) {
      all.push(await askOnce(port));
      await delay(50);
    }
    return tally(all);
  });
  names.set(addresses('127.0.0.1'));
  return seen;
}

/** The unit's address, or status and body. */
async function askOnce(port: number): Promise<string> {
  const reply = await ask(port, { body: '{}' });
  const { text } = reply;
  return reply.status === 200
    ? String((JSON.parse(text) as { at?: string }).at)
    : `${reply.status} ${text}`;
}

async function askTimes(port: number, times: number): Promise<PlaceSeen> {
  const all: string[] = [];
  for (let i = 0; i < times; i++) all.push(await askOnce(port));
  return tally(all);
}

/** Counts what is answered until it is that address; `ms` is how long that took. */
async function untilAt(port: number, address: string): Promise<PlaceSeen> {
  const start = performance.now();
  const all: string[] = [];
  while (performance.now() - start < SOON_MS) {
    const at = await askOnce(port);
    all.push(at);
    if (at === address) break;
    await delay(50);
  }
  return { ...tally(all), ms: Math.round(performance.now() - start) };
}

function tally(all: readonly string[]): PlaceSeen {
  const counts: Record<string, number> = {};
  for (const each of all) counts[each] = (counts[each] ?? 0) + 1;
  return { counts };
}

process.stdout.write(`${JSON.stringify(await main())}\n`);
