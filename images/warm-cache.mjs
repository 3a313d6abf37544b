// Fills the compile cache of an image while it is built, as the user that will run it: no container strips types or compiles
// at its start. Run inside the image's file system: node --import=/app/extproc/compile-cache.mjs warm-cache.mjs
import { spawnSync } from 'node:child_process';

const MODULES = [
  'cli/sidecar/sidecar.ts',
  'cli/sidecar/drain-command.ts',
  'extproc/run.ts',
  'extproc/worker.ts',
  'operator/admission/run.ts',
  'operator/chart-config.ts',
  'operator/crd/apply.ts',
  'operator/gateway/gateway.ts',
  'operator/operator.ts',
];
for (const module of MODULES) await import(`/app/${module}`);
// The filter's process has other flags of V8, and the cache is bound to those too.
const { workerExecArgv } = await import('/app/extproc/exec-argv.ts');
const worker = [...workerExecArgv, '/app/extproc/main.ts', '--warm'];
process.exit(spawnSync(process.execPath, worker, { stdio: 'inherit' }).status ?? 1);
