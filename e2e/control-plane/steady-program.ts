// A small operator as a process of its own, for the test that watches how it lives and ends: holds ConfigMaps of one namespace
// by a finalizer, fails on the first sight of each, and says on standard output what it does.
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { type ResourceEvent, SteadyOperator } from '../../lib/kube/steady-operator.ts';

const FINALIZER = 'sidegraph.io/test';
const namespace = process.argv[2] ?? 'default';

class Program extends SteadyOperator {
  readonly #failed = new Set<string>();

  protected override async init(): Promise<void> {
    await this.watchResource('', 'v1', 'configmaps', (event) => this.#take(event), namespace);
    say('synced');
  }

  async #take(event: ResourceEvent): Promise<void> {
    const { name } = event.meta;
    if (!this.#failed.has(name)) {
      this.#failed.add(name);
      say(`failing on ${name}`);
      throw new Error('the first try fails');
    }
    const isSettled = await this.handleResourceFinalizer(event, FINALIZER, async () => {
      say(`cleaning up ${name}`);
    });
    if (!isSettled) say(`${event.type} ${name}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
await new Program({ log: SILENT_LOG }).run(stop.signal);
say('ended');
