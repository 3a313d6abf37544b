// A small operator as a process of its own, for the test that watches how it lives and ends: it watches the ConfigMaps of one
// namespace, and says on standard output what becomes of them.
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { SteadyOperator } from '../../lib/kube/steady-operator.ts';

const namespace = process.argv[2] ?? 'default';

class Program extends SteadyOperator {
  protected override async init(): Promise<void> {
    const reflector = this.reflect({
      kind: { apiVersion: 'v1', kind: 'ConfigMap' },
      namespace,
      onChange: ({ type, object }) => say(`${type} ${object.metadata.name}`),
    });
    await reflector.synced;
    say('synced');
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
await new Program({ log: SILENT_LOG }).run(stop.signal);
say('ended');
