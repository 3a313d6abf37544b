// What a scrape of a gateway with many deployments costs, all of them with requests, and what counting costs a request, on a real Envoy:
// `node gateway/scrape.bench.ts [deployments]`. Prints; asserts nothing.
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { startUnit } from '../envoy/testing/units.ts';
import { SILENT_LOG } from '../lib/runtime/log.ts';
import { renderSnapshot } from './config/snapshot.ts';
import { readEnvoyMetrics } from './process/envoy-metrics.ts';
import {
  type GatewayEnvoy,
  makeTestDir,
  removeDir,
  startGatewayEnvoy,
  testGatewayLayout,
} from './testing/envoy.ts';
import { sketchPart } from './testing/objects.ts';
import { SnapshotEncoder } from './xds/desired.ts';
import { DiscoveryServer } from './xds/server.ts';

const COUNT = Number(process.argv[2] ?? 1000);
const SCRAPES = 20;
const REQUESTS = 20_000;
const ROUNDS = 5;
const CONNECTIONS = 16;
const MAX_SERIES = 5000;

const unit = await startUnit('one');
const names = Array.from({ length: COUNT }, (_, at) => `m-${at}`);
const parts = names.map((name) =>
  sketchPart(
    { namespace: 'demo', name, predictors: [{ name: 'a', traffic: 100, pods: ['127.0.0.1'] }] },
    { http: unit.restPort, grpc: unit.grpcPort },
  ),
);
const desired = new SnapshotEncoder().encode(renderSnapshot(parts));
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

for (const maxRequestSeries of [0, MAX_SERIES]) await measureScrapes(maxRequestSeries);
await measureRequests();
agent.destroy();
await unit.close();

interface Place {
  readonly envoy: GatewayEnvoy;
  close(): Promise<void>;
}

async function start(maxRequestSeries: number): Promise<Place> {
  const dir = await makeTestDir();
  const layout = {
    ...(await testGatewayLayout(dir)),
    maxRequestSeries,
    accessLog: 'failures' as const,
  };
  const server = new DiscoveryServer({ log: SILENT_LOG, onLive: () => undefined });
  await server.listen(layout.discoverySocket);
  server.publish(desired);
  const envoy = await startGatewayEnvoy(dir, layout);
  await envoy.ready();
  return {
    envoy,
    close: async () => {
      await envoy.stop();
      server.close();
      await removeDir(dir);
    },
  };
}

async function measureScrapes(maxRequestSeries: number): Promise<void> {
  const { envoy, close } = await start(maxRequestSeries);
  const { adminSocket, httpPort } = envoy.layout;
  for (const name of names) await call(httpPort, name);
  const served = names.map((name) => `demo/${name}`);
  const scrape = () => readEnvoyMetrics(adminSocket, { served, maxRequestSeries });
  const page = await scrape();
  const before = {
    envoyMs: await envoyCpuMs(envoy),
    own: process.cpuUsage(),
    at: performance.now(),
  };
  for (let count = 0; count < SCRAPES; count += 1) await scrape();
  const own = process.cpuUsage(before.own);
  console.log(
    `${maxRequestSeries === 0 ? 'not counted' : 'counted'}: page ${page.length} bytes (gzip ${gzipSync(page).length}), ` +
      `a scrape takes ${((await envoyCpuMs(envoy)) - before.envoyMs) / SCRAPES} ms of Envoy's CPU, ` +
      `${((own.user + own.system) / 1000 / SCRAPES).toFixed(1)} ms of the agent's, ` +
      `${((performance.now() - before.at) / SCRAPES).toFixed(0)} ms in all; Envoy has ${await envoyMib(envoy)} MiB`,
  );
  await close();
}

/** One Envoy after the other in turns: the machine is not as fast at all times. */
async function measureRequests(): Promise<void> {
  const places = [await start(0), await start(MAX_SERIES)];
  const micros: number[][] = [[], []];
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [at, { envoy }] of places.entries()) {
      const beforeMs = await envoyCpuMs(envoy);
      let left = REQUESTS;
      await Promise.all(
        Array.from({ length: CONNECTIONS }, async () => {
          while (left-- > 0) await call(envoy.layout.httpPort, names[left % COUNT] ?? '');
        }),
      );
      const each = (((await envoyCpuMs(envoy)) - beforeMs) * 1000) / REQUESTS;
      if (round > 0) micros[at]?.push(each);
    }
  }
  const [without, counted] = micros.map((all) => all.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0);
  console.log(
    `Envoy's CPU for a request, median of ${ROUNDS}: ${without} µs, counted ${counted} µs`,
  );
  for (const place of places) await place.close();
}

function call(port: number, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const path = `/seldon/demo/${name}/api/v1.0/predictions`;
    const asked = request({ port, path, method: 'POST', agent }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    asked.on('error', reject);
    asked.end('{}');
  });
}

async function envoyCpuMs({ pid }: GatewayEnvoy): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

async function envoyMib({ pid }: GatewayEnvoy): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024).toFixed(0);
}
