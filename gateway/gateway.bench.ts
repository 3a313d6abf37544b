// What a snapshot of many deployments costs, and how long one change takes until a request sees it, on a real Envoy:
// `node gateway/gateway.bench.ts [deployments]`. Prints; asserts nothing.
import { readFile } from 'node:fs/promises';
import { rest } from '../envoy/testing/clients.ts';
import { startUnit } from '../envoy/testing/units.ts';
import { SILENT_LOG } from '../lib/runtime/log.ts';
import type { DeploymentPart } from './config/deployment-part.ts';
import { renderSnapshot } from './config/snapshot.ts';
import { makeTestDir, removeDir, startGatewayEnvoy, testGatewayLayout } from './testing/envoy.ts';
import { sketchPart } from './testing/objects.ts';
import { SnapshotEncoder } from './xds/desired.ts';
import { DiscoveryServer } from './xds/server.ts';

const COUNT = Number(process.argv[2] ?? 2000);
const CHANGES = 20;

const dir = await makeTestDir();
const [one, other] = [await startUnit('one'), await startUnit('other')];
const layout = await testGatewayLayout(dir);
const encoder = new SnapshotEncoder();
let live = Promise.withResolvers<void>();
const server = new DiscoveryServer({ log: SILENT_LOG, onLive: () => live.resolve() });
await server.listen(layout.discoverySocket);

const parts = new Map<string, DeploymentPart>();
const portsOf = (unit: typeof one) => ({ http: unit.restPort, grpc: unit.grpcPort });
timed('render all parts', () => {
  for (let at = 0; at < COUNT; at += 1) put(at, 'a', 100);
});
timed('render the snapshot', () => renderSnapshot(parts.values()));
timed('encode the snapshot', () => encoder.encode(renderSnapshot(parts.values())));
timed('render and encode again', () => encoder.encode(renderSnapshot(parts.values())));
const desired = encoder.encode(renderSnapshot(parts.values()));
console.log(
  `route table ${(desired.routes.bytes.length / 1024).toFixed(0)} kB, ${desired.clusters.size} clusters`,
);

server.publish(desired);
const startMs = performance.now();
const envoy = await startGatewayEnvoy(dir, layout);
await live.promise;
await envoy.ready();
console.log(`Envoy ready with all after ${ms(performance.now() - startMs)}`);
await report('after the start');

const path = `/seldon/demo/m-${COUNT - 1}/api/v1.0/predictions`;
const took: number[] = [];
const applied: number[] = [];
for (let round = 0; round < CHANGES; round += 1) {
  const next = round % 2 === 0 ? 'b' : 'a';
  const beganMs = performance.now();
  live = Promise.withResolvers<void>();
  put(COUNT - 1, next, 100);
  server.publish(encoder.encode(renderSnapshot(parts.values())));
  const isLive = live.promise.then(() => applied.push(performance.now() - beganMs));
  for (;;) {
    const response = await rest({ port: layout.httpPort, path, body: '{}' });
    if (response.status === 200 && response.text.includes(next === 'a' ? '"one"' : '"other"'))
      break;
  }
  took.push(performance.now() - beganMs);
  await isLive;
}
print('one change of a route seen by a request', took);
print('one change of a route acknowledged', applied);
await report('after the changes');
await measureEndpoints();

await envoy.stop();
server.close();
await Promise.all([one.close(), other.close()]);
await removeDir(dir);

/** Predictor `a` answers `one`, `b` answers `other`. */
function put(at: number, predictor: string, traffic: number): void {
  const unit = predictor === 'a' ? one : other;
  parts.set(
    `m-${at}`,
    sketchPart(
      {
        namespace: 'demo',
        name: `m-${at}`,
        predictors: [{ name: predictor, traffic, pods: ['127.0.0.1'] }],
      },
      portsOf(unit),
    ),
  );
}

/** Pods come and go without a change of routes. */
async function measureEndpoints(): Promise<void> {
  const seen: number[] = [];
  const last = CHANGES % 2 === 0 ? 'a' : 'b';
  for (let round = 0; round < CHANGES; round += 1) {
    const unit = round % 2 === 0 ? (last === 'a' ? other : one) : last === 'a' ? one : other;
    const name = unit === one ? '"one"' : '"other"';
    const beganMs = performance.now();
    const sketch = {
      namespace: 'demo',
      name: `m-${COUNT - 1}`,
      predictors: [{ name: last, traffic: 100, pods: ['127.0.0.1'] }],
    };
    parts.set(`m-${COUNT - 1}`, sketchPart(sketch, portsOf(unit)));
    server.publish(encoder.encode(renderSnapshot(parts.values())));
    for (;;) {
      const response = await rest({ port: layout.httpPort, path, body: '{}' });
      if (response.text.includes(name)) break;
    }
    seen.push(performance.now() - beganMs);
  }
  print('one change of endpoints seen by a request', seen);
}

async function report(when: string): Promise<void> {
  const status = await readFile(`/proc/${envoy.pid}/status`, 'utf8');
  const stat = (await readFile(`/proc/${envoy.pid}/stat`, 'utf8')).split(' ');
  const cpuMs = (Number(stat[13]) + Number(stat[14])) * 10;
  const rss = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  const own = process.memoryUsage().rss / 1024 / 1024;
  const used = process.cpuUsage();
  console.log(
    `${when}: Envoy ${rss.toFixed(0)} MB, ${cpuMs} ms CPU; agent ${own.toFixed(0)} MB, ${ms((used.user + used.system) / 1000)} CPU`,
  );
}

function timed(name: string, work: () => unknown): void {
  const begin = performance.now();
  work();
  console.log(`${name}: ${ms(performance.now() - begin)}`);
}

function print(name: string, values: readonly number[]): void {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => ms(sorted[Math.floor((sorted.length - 1) * part)] ?? 0);
  console.log(`${name}: min ${at(0)}, median ${at(0.5)}, max ${at(1)} (${sorted.length} changes)`);
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}
