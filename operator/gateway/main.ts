// The process beside the gateway's Envoy.
import { pino } from 'pino';
import { KubeClient } from '../kube/client.ts';
import { PooledKubeConfig } from '../kube/config.ts';
import { registerKubeMetrics } from '../kube/metrics.ts';
import { Registry } from '../kube/registry.ts';
import { startGateway } from './gateway.ts';
import { parseGatewayOptions } from './options.ts';

const options = parseGatewayOptions(process.argv.slice(2), process.env);
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
