// The filter's process begins here: it reads its command line, then loads and runs the rest.
import { flushCompileCache } from 'node:module';
import { parseFilterOptions, FILTER_USAGE, type WorkerOptions } from './options.ts';

const parsed = parseFilterOptions(process.argv.slice(2));
switch (parsed.kind) {
  case 'help':
    process.stdout.write(FILTER_USAGE);
    break;
  case 'faults':
    for (const fault of parsed.faults) process.stderr.write(`${fault}\n`);
    process.stderr.write('see --help\n');
    process.exitCode = 2;
    break;
  case 'options':
    if (parsed.options.kind === 'warm') await warm();
    else await serve(parsed.options.options);
    break;
}

/** Loads everything once, so that its compiled form is in the cache. */
async function warm(): Promise<void> {
  const [{ DIALECTS }, { loadMessages }] = await Promise.all([
    import('../../dialects/known/dialects.ts'),
    import('../../dialects/known/messages.ts'),
  ]);
  await Promise.all([
    loadMessages(Object.values(DIALECTS).map(({ name }) => name)),
    import('./run.ts'),
    import('../control/grpc-services.ts'),
    import('../tracing/tracers.ts'),
    import('../tracing/sdk.ts'),
    import('../payload-log/event-sender.ts'),
    import('../payload-log/events.ts'),
    import('../payload-log/kafka-sink.ts'),
    import('../payload-log/redactor-thread.ts'),
  ]);
  flushCompileCache();
}

async function serve(options: WorkerOptions): Promise<void> {
  if (process.send === undefined) {
    process.stderr.write(
      'no IPC channel: this process is started by a supervisor (sidegraph run)\n',
    );
    process.exitCode = 2;
    return;
  }
  const { runFilter } = await import('./run.ts');
  runFilter(options);
}
