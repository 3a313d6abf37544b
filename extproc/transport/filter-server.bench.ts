// What one request costs the filter's process, all in: `node extproc/transport/filter-server.bench.ts [reference]`. A second
// process plays Envoy over a unix socket (headers and body at once, then a reset) with 1, 16 and 64 streams at a time; the
// numbers are CPU µs of this process per exchange (user and system) and the rate.
import { SELDON } from '../../dialects/seldon/dialect.ts';
import { join } from 'node:path';
import type { Exchange } from '../contract/exchange.ts';
import type { Router } from '../contract/program.ts';
import { startFilterServer } from './server.ts';
import { startEnvoyLoad } from './testing/envoy-load.ts';
import { tempDir } from './testing/real-envoy.ts';
import { startReferenceServer } from './testing/reference/server.ts';

const SECONDS = 2;
const BODIES = [100, 10_000, 220_000];
const STREAMS = [1, 16, 64];

async function measure(reference: boolean): Promise<void> {
  const dir = tempDir();
  const path = join(dir.path, 'filter.sock');
  const start = reference ? startReferenceServer : startFilterServer;
  const log = { error: console.error };
  const server = await start({
    listen: { path },
    router,
    maxHeldBytes: 1 << 28,
    log,
    drainMs: 100,
  });
  const client = startEnvoyLoad();
  console.log(reference ? 'reference (grpc-js)' : 'filter server');
  for (const bodyBytes of BODIES) {
    for (const streams of STREAMS) {
      await client.run({ path, streams, bodyBytes, seconds: 0.5 });
      const before = process.cpuUsage();
      const exchanges = await client.run({ path, streams, bodyBytes, seconds: SECONDS });
      const { user, system } = process.cpuUsage(before);
      const cost = ((user + system) / exchanges).toFixed(1);
      const share = ((100 * system) / (user + system)).toFixed(0);
      const rate = Math.round(exchanges / SECONDS);
      console.log(`${bodyBytes} B, ${streams} streams: ${cost} µs (${share} % system), ${rate}/s`);
    }
  }
  client.stop();
  await server.close();
  dir.remove();
}

/** Hands every request to a unit with a body of the same size, as a chain of two does. */
const router: Router = {
  open: () => ({
    grpc: false,
    maxBodyBytes: 1 << 26,
    dialect: SELDON,
    handle: answer,
    release: () => {},
  }),
};

function answer(exchange: Exchange): void {
  exchange.headers.http1Block(false);
  const { body, contentType } = exchange.message;
  exchange.reply({
    kind: 'tail',
    key: 'model/predict/rest',
    path: '/predict',
    message: {
      body: body.subarray(0),
      contentType,
      layout: undefined,
      contentEncoding: undefined,
      head: undefined,
    },
    routing: '',
  });
}

await measure(process.argv[2] === 'reference');
