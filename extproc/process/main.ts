// The filter's process begins here: it reads its command line, then loads and runs the rest.
import { flushCompileCache } from 'node:module';
import { parseOptions, USAGE } from './options.ts';

const parsed = parseOptions(process.argv.slice(2));
switch (parsed.kind) {
  case 'help':
    process.stdout.write(USAGE);
    break;
  case 'faults':
    for (const fault of parsed.faults) process.stderr.write(`${fault}\n`);
    process.stderr.write('see --help\n');
    process.exitCode = 2;
    break;
  case 'warm':
    await Promise.all([import('./run.ts'), import('../control/grpc-services.ts')]);
    flushCompileCache();
    break;
  case 'options': {
    if (process.send === undefined) {
      process.stderr.write(
        'no IPC channel: this process is started by a supervisor (sidegraph run)\n',
      );
      process.exitCode = 2;
      break;
    }
    const { run } = await import('./run.ts');
    run(parsed.options);
    break;
  }
}
