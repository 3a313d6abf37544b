// Fills the compile cache of the filter's process, so that the first start of a graph is as light as the later ones.
// The cache belongs to Node's flags as well as to the files: the process is started with those of a worker.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workerEnvironment, workerExecArgv } from '../lib/runtime/exec-argv.ts';

const entry = fileURLToPath(new URL('../extproc/process/main.ts', import.meta.url));
const { status } = spawnSync(process.execPath, [...workerExecArgv, entry, '--warm'], {
  env: { ...process.env, ...workerEnvironment },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
