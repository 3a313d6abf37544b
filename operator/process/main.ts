// The operator's process: flags are read once, SIGTERM ends it when what is in hand has ended and the Lease is free.
import pino from 'pino';
import { readChartConfig } from '../config/chart-config.ts';
import { parseOperatorOptions, OPERATOR_USAGE } from '../config/config.ts';
import { PooledKubeConfig } from '../../lib/kube/config.ts';
import { describeError } from '../../lib/kube/error.ts';
import { SidegraphOperator } from './operator.ts';
import { CONTROLLER_ID } from '../observe/contract.ts';
import { DEFAULT_CONFIG } from '../config/workload-config.ts';

const BAD_USAGE = 2;

const parsed = parseOperatorOptions(process.argv.slice(2), process.env);
if (parsed.kind === 'help') {
  process.stdout.write(OPERATOR_USAGE);
  process.exit(0);
}
if (parsed.kind === 'faults') {
  process.stderr.write(`${parsed.faults.join('\n')}\n\n${OPERATOR_USAGE}`);
  process.exit(BAD_USAGE);
}
const { options } = parsed;
const read =
  options.configDir === ''
    ? ({ kind: 'config', config: { ...DEFAULT_CONFIG, controllerId: '' } } as const)
    : readChartConfig(options.configDir);
if (read.kind === 'wrong') {
  process.stderr.write(`${read.reason}\n`);
  process.exit(BAD_USAGE);
}
const controllerId = read.config.controllerId || CONTROLLER_ID;
const config = { ...read.config, controllerId, formerManagers: options.formerManagers };
const log = pino({ level: options.logLevel }, pino.destination({ dest: 2, sync: true }));
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort());
try {
  const kube = PooledKubeConfig.load();
  await new SidegraphOperator({ options, config, kube, log }).run(stop.signal);
  log.info({}, 'ended');
  process.exit(0);
} catch (error) {
  log.fatal({ error: describeError(error) }, 'the operator ended');
  process.exit(1);
}
