// The process beside the gateway's Envoy.
import { pino } from 'pino';
import { KubeClient } from '../kube/client.ts';
import { PooledKubeConfig } from '../kube/config.ts';
import { registerKubeMetrics } from '../kube/metrics.ts';
import { Registry } from '../kube/registry.ts';
import { startGateway } from './gateway.ts';
import { type GatewayOptions, parseGatewayOptions, USAGE } from './options.ts';

const BAD_USAGE = 2;

if (process.argv.includes('--help')) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const options = readOptions();
const log = pino({ level: options.logLevel }, pino.destination(2));
const registry = new Registry();
const client = new KubeClient(PooledKubeConfig.load(), {
  userAgent: 'sidegraph-gateway',
  metrics: registerKubeMetrics(registry).rest,
});
const gateway = await startGateway(options, { client, registry, log });
log.info({ port: options.httpPort, status: options.statusPort }, 'the gateway agent runs');

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    gateway
      .close()
      .then(() => process.exit(0))
      .catch((error: unknown) => {
        log.error({ error: String(error) }, 'stopping failed');
        process.exit(1);
      });
  });
}

function readOptions(): GatewayOptions {
  try {
    return parseGatewayOptions(process.argv.slice(2), process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(BAD_USAGE);
  }
}
