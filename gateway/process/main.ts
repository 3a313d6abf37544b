// The process beside the gateway's Envoy, and what asks it over its control socket.
import { describeThrown } from '../../lib/runtime/thrown.ts';
import { mkdir } from 'node:fs/promises';
import { pino } from 'pino';
import { KubeClient } from '../../lib/kube/client.ts';
import { PooledKubeConfig } from '../../lib/kube/config.ts';
import { registerKubeMetrics } from '../../lib/kube/metrics.ts';
import { Registry } from '../../lib/kube/registry.ts';
import { askControl, gatewayControlSocket } from './control.ts';
import { writeEnvoyFiles } from './envoy-files.ts';
import { bootstrapPathOf, layoutOf, startGateway } from './gateway.ts';
import { type GatewayOptions, parseGatewayCommand, GATEWAY_USAGE } from './options.ts';

const BAD_USAGE = 2;

const parsed = parseGatewayCommand(process.argv.slice(2), process.env);
if (parsed.kind === 'help') {
  process.stdout.write(GATEWAY_USAGE);
  process.exit(0);
}
if (parsed.kind === 'faults') {
  process.stderr.write(`${parsed.faults.join('\n')}\nsee --help\n`);
  process.exit(BAD_USAGE);
}
const command = parsed.options;
switch (command.kind) {
  case 'serve':
    await serve(command.options);
    break;
  case 'bootstrap':
    await mkdir(command.options.runDir, { recursive: true });
    await writeEnvoyFiles(bootstrapPathOf(command.options), layoutOf(command.options));
    break;
  case 'drain':
    await askAgent(command.runDir, 'POST', '/drain');
    break;
  case 'show':
    await askAgent(command.runDir, 'GET', `/${command.what}`);
    break;
}

async function serve(options: GatewayOptions): Promise<void> {
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
}

async function askAgent(runDir: string, method: 'GET' | 'POST', path: string): Promise<void> {
  try {
    process.stdout.write(await askControl(gatewayControlSocket(runDir), method, path));
  } catch (error) {
    process.stderr.write(`${describeThrown(error)}\n`);
    process.exitCode = 1;
  }
}
