// Fills the compile cache of an image while it is built, as the user that will run it: no container strips types or compiles
// at its start. One file that is not in it loads Node's stripper, 33 MB that stay. Run inside the image's file system:
// node --import=/app/lib/runtime/compile-cache.mjs warm-cache.mjs
import { spawnSync } from 'node:child_process';

await import('/app/operator/process/apply-crd.ts');

// The other processes have other flags of V8, and the cache is bound to those.
const { commandExecArgv, workerExecArgv } = await import('/app/lib/runtime/exec-argv.ts');
const { operatorExecArgv } = await import('/app/operator/config/exec-argv.ts');
const cached = ['--import=/app/lib/runtime/compile-cache.mjs'];
const AGENT = [
  'cli/main.ts',
  'cli/commands/sidecar/parse.ts',
  'sidecar/agent/sidecar.ts',
  'sidecar/agent/drain-command.ts',
];
const loadAgent = AGENT.map((module) => `await import('/app/${module}');`).join('');
const PROCESSES = [
  [...commandExecArgv, ...cached, '--input-type=module', `--eval=${loadAgent}`],
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
