// Fills the compile cache of an image while it is built, as the user that will run it: no container strips types or compiles
// at its start. One file that is not in it loads Node's stripper, 33 MB that stay. Run inside the image's file system:
// node --import=/app/lib/runtime/compile-cache.mjs warm-cache.mjs
import { spawnSync } from 'node:child_process';

const MODULES = [
  'cli/main.ts',
  'sidecar/agent/sidecar.ts',
  'sidecar/agent/drain-command.ts',
  'operator/process/apply-crd.ts',
];
for (const module of MODULES) await import(`/app/${module}`);

// The other processes load all at their start. Some have other flags of V8, and the cache is bound to those.
const { workerExecArgv } = await import('/app/lib/runtime/exec-argv.ts');
const { operatorExecArgv } = await import('/app/operator/config/exec-argv.ts');
const cached = ['--import=/app/lib/runtime/compile-cache.mjs'];
const PROCESSES = [
  [...workerExecArgv, '/app/extproc/process/main.ts', '--warm'],
  [...operatorExecArgv, ...cached, '/app/operator/process/main.ts', '--help'],
  [...operatorExecArgv, ...cached, '/app/gateway/process/main.ts', '--help'],
  [...cached, '/app/operator/admission/main.ts', '--help'],
];
for (const argv of PROCESSES) {
  // Pipes, since there may be no /dev/null here.
  const { status, error, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${error ?? stderr}`);
}
process.exit(0);
