// The program that runs in the network of its own: graphs whose unit is reached by a name, at three places, while what the name is
// changes. Writes what clients saw as one line of JSON.
import { setTimeout as delay } from 'node:timers/promises';
import { ask, askGrpc } from '../../harness/client.ts';
import { deployment, model, type Node } from '../../harness/manifest.ts';
import { type Running, runGraph } from '../../harness/run.ts';
import { type RestUnit, echo, startGrpcUnit, startRestUnit } from '../../harness/unit.ts';
import { type NameServer, startNameServer } from './name-server.ts';
import type { Observed, PlaceSeen, Seen } from './observed.ts';

const HOST = 'unit.test';
const TTL_SECONDS = 1;
/** Larger than what Envoy reads while it makes a connection. */
const LARGE_BODY = JSON.stringify({ strData: 'x'.repeat(1_000_000) });
/** A SeldonMessage with the string A. */
const GRPC_RESPONSE = '2a0141';
/** Longer than a time to live and the least time between two look-ups together. */
const SETTLE_MS = 2500;
/** How long names fail. */
const OUTAGE_MS = 2200;
const SOON_MS = 15_000;

type Place = keyof Seen;
/** Asks the graph in which the unit is there once; resolves with the unit's address, or status and what it said. */
type Asks = { readonly [place in Place]: (body?: string) => Promise<string> };

const addresses = (...list: string[]) =>
  ({ kind: 'addresses', addresses: list, ttl: TTL_SECONDS }) as const;

/** Answers with the address on which it listens. */
const startAt = (host: string, port = 0): Promise<RestUnit> =>
  startRestUnit(() => ({ body: JSON.stringify({ at: host }) }), port, host);

async function main(): Promise<Observed> {
  const names = await startNameServer(addresses('::1', '127.0.0.1'));
  const first = await startAt('127.0.0.1');
  const healthy = await startRestUnit(echo);
  const grpcUnit = await startGrpcUnit(() => ({ message: Buffer.from(GRPC_RESPONSE, 'hex') }));
  const named: Node = { ...model('m', first.port), host: HOST };
  const graphs: readonly Node[] = [
    named,
    { name: 't', type: 'TRANSFORMER', port: healthy.port, children: [named] },
    { ...named, type: 'TRANSFORMER', children: [model('h', healthy.port)] },
    { name: 'g', type: 'MODEL', grpcPort: grpcUnit.port, host: HOST },
  ];
  const running = await Promise.all(graphs.map((graph) => runGraph(deployment(graph))));
  const [native, tail, side, grpc] = running as [Running, Running, Running, Running];
  const asks: Asks = {
    native: (body) => askRest(native.port, body),
    tail: (body) => askRest(tail.port, body),
    side: (body) => askRest(side.port, body),
  };

  const bothFamilies = await seeEach(asks, (once) => askTimes(once, 20));
  const overGrpc: string[] = [];
  for (let i = 0; i < 20; i++) overGrpc.push(String((await askGrpc(grpc.grpcPort)).status));
  const ready = tally(
    await Promise.all(
      [native, tail, side].map(async ({ port }) => {
        const reply = await ask(port, { method: 'GET', path: '/ready' });
        return String(reply.status);
      }),
    ),
  );
  names.set(addresses('127.0.0.9', '::1'));
  const sixth = await startAt('::1', first.port);
  await delay(SETTLE_MS);
  const onlyV6Listens = await seeEach(asks, (once) => askTimes(once, 20));
  await sixth.close();
  names.set(addresses('127.0.0.9', '127.0.0.1'));
  await delay(SETTLE_MS);
  const largeBodies = await seeEach(asks, (once) => askTimes(() => once(LARGE_BODY), 10));
  const oneOfTwoDead = await seeEach(asks, (once) => askTimes(once, 20));

  const second = await startAt('127.0.0.3', first.port);
  names.set(addresses('127.0.0.1', '127.0.0.3'));
  await delay(SETTLE_MS);
  const twoAlive = await seeEach(asks, (once) => askTimes(once, 60));

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
  const moved = await seeEach(asks, (once) => untilAt(once, '127.0.0.3'));
  await first.close();
  const oldOneGone = await seeEach(asks, (once) => askTimes(once, 20));
  await Promise.all(running.map((each) => each.stop()));
  await Promise.all([second, healthy, grpcUnit, names].map((each) => each.close()));
  return {
    bothFamilies,
    largeBodies,
    overGrpc: tally(overGrpc),
    ready,
    onlyV6Listens,
    oneOfTwoDead,
    twoAlive,
    outages,
    moved,
    oldOneGone,
  };
}

async function seeEach(asks: Asks, look: (once: Asks[Place]) => Promise<PlaceSeen>): Promise<Seen> {
  const [native, tail, side] = await Promise.all([
    look(asks.native),
    look(asks.tail),
    look(asks.side),
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
  const seen = await seeEach(asks, async (once) => {
    const all: string[] = [];
    while (performance.now() < endMs) {
      all.push(await once());
      await delay(50);
    }
    return tally(all);
  });
  names.set(addresses('127.0.0.1'));
  return seen;
}

async function askRest(port: number, body = '{}'): Promise<string> {
  const reply = await ask(port, { body });
  if (reply.status !== 200) return `${reply.status} ${reply.error ?? reply.text}`;
  return String((JSON.parse(reply.text) as { readonly at?: string }).at);
}

async function askTimes(once: () => Promise<string>, times: number): Promise<PlaceSeen> {
  const all: string[] = [];
  for (let i = 0; i < times; i++) all.push(await once());
  return tally(all);
}

/** Counts what is answered until it is that address; `ms` is how long that took. */
async function untilAt(once: () => Promise<string>, address: string): Promise<PlaceSeen> {
  const start = performance.now();
  const all: string[] = [];
  while (performance.now() - start < SOON_MS) {
    const at = await once();
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
