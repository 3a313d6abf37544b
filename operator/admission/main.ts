// The process of the webhooks, a Deployment of its own: reviews are answered apart from the loop that reconciles. Flags are
// read once; SIGTERM ends it when what is being answered is answered.
import pino from 'pino';
import { readChartConfig } from '../config/chart-config.ts';
import { PooledKubeConfig } from '../../lib/kube/config.ts';
import { DEFAULT_CONFIG } from '../config/workload-config.ts';
import { parseAdmissionOptions, WEBHOOKS_USAGE } from './options.ts';
import { runAdmission } from './run.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';

const BAD_USAGE = 2;

const parsed = parseAdmissionOptions(process.argv.slice(2), process.env);
if (parsed.kind === 'help') {
  process.stdout.write(WEBHOOKS_USAGE);
  process.exit(0);
}
if (parsed.kind === 'faults') {
  process.stderr.write(`${parsed.faults.join('\n')}\nsee --help\n`);
  process.exit(BAD_USAGE);
}
const { options } = parsed;
const settings =
  options.configDir === undefined
    ? ({ kind: 'config', config: DEFAULT_CONFIG } as const)
    : readChartConfig(options.configDir);
if (settings.kind === 'wrong') {
  process.stderr.write(`${settings.reason}\n`);
  process.exit(BAD_USAGE);
}
const log = pino({ level: options.logLevel }, pino.destination({ dest: 2, sync: true }));
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort());
try {
  await runAdmission({
    options,
    config: settings.config,
    kube: PooledKubeConfig.load(),
    log,
    signal: stop.signal,
  });
  process.exit(0);
} catch (error) {
  log.fatal({ error: describeThrown(error) }, 'the webhooks ended');
  process.exit(1);
}
