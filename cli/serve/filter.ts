// One worker of the filter as the supervisor sees it. The supervisor binds the socket that Envoy connects to and
// the worker inherits it, so connections made while a worker restarts wait in the backlog instead of failing. A worker
// that died gets every live deployment again before it serves anything.
import net from 'node:net';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { workerEnvironment, workerExecArgv } from '../../extproc/exec-argv.ts';
import type { DeploymentPlan } from '../../graph/plan.ts';
import type { Log } from '../log.ts';
import { FILTER_BACKOFF } from './backoff.ts';
import { Child } from './child.ts';
import type { Watchdog } from './watchdog.ts';

const ENTRY = fileURLToPath(new URL('../../extproc/main.ts', import.meta.url));
/** Where the child finds the socket: after stdin, stdout, stderr and the IPC channel. */
const LISTEN_FD = 4;

export interface FilterOptions {
  readonly socketPath: string;
  /** Further arguments of the worker: paths of its other sockets, its log level. */
  readonly argv: readonly string[];
  readonly log: Log;
  /** Attaches the worker's output. */
  readonly output: (stream: Readable | null) => void;
  readonly watchdog: Watchdog;
  readonly env: NodeJS.ProcessEnv;
}

export type LoadResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

interface Waiting {
  readonly id: number;
  readonly deployment: DeploymentPlan;
  readonly resolve: (result: LoadResult) => void;
}

export class Filter {
  readonly #options: FilterOptions;
  readonly #handle: BoundHandle;
  readonly #child: Child;
  /** What the worker holds, oldest first; sent again after a restart. */
  #live: DeploymentPlan[] = [];
  #send: (message: object) => void = () => {};
  #nextId = 1;
  #waiting: Waiting[] = [];
  /** Whether a load ever succeeded; a worker that dies before is not coming up. */
  #proven = false;
  #restarts = 0;

  constructor(options: FilterOptions) {
    this.#options = options;
    this.#handle = bindSocket(options.socketPath);
    this.#child = new Child(
      {
        name: 'the filter',
        argv: [
          process.execPath,
          ...workerExecArgv,
          ENTRY,
          '--listen-fd',
          String(LISTEN_FD),
          ...options.argv,
        ],
        cwd: process.cwd(),
        env: { ...options.env, ...workerEnvironment },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc', this.#handle.fd],
        backoff: FILTER_BACKOFF,
      },
      options.watchdog,
      {
        onStart: (child) => {
          options.output(child.stdout);
          options.output(child.stderr);
          child.on('message', (message) => this.#receive(message));
          this.#send = (message) => {
            if (child.connected) child.send(message, () => {});
          };
          for (const deployment of this.#live) {
            const waiting = this.#waiting.find((load) => load.deployment === deployment);
            this.#send({ type: 'load', id: waiting?.id ?? this.#nextId++, deployment });
          }
        },
        onDeath: (how, quickDeaths, delayMs) => {
          this.#restarts++;
          const wait =
            delayMs === 0 ? 'starting it again at once' : `starting it again in ${delayMs} ms`;
          options.log.error(
            `the filter ${how}${quickDeaths > 1 ? ` (${quickDeaths} times in a row)` : ''}; ${wait}`,
          );
          // The next worker is given what this one was asked to load, and answers for it; dies it too, the plan is
          // to blame.
          if (this.#proven && quickDeaths < 2) return;
          for (const load of this.#waiting.splice(0)) {
            load.resolve({ ok: false, reason: `the filter ${how}` });
          }
        },
      },
    );
  }

  get pid(): number | null {
    return this.#child.pid;
  }

  /** How often the worker died and was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  start(): void {
    this.#child.start();
  }

  /** Gives the worker a further deployment; those that it holds stay. Whoever is refused calls `forget`. */
  async load(deployment: DeploymentPlan): Promise<LoadResult> {
    const id = this.#nextId++;
    const result = new Promise<LoadResult>((resolve) =>
      this.#waiting.push({ id, deployment, resolve }),
    );
    this.#live.push(deployment);
    this.#send({ type: 'load', id, deployment });
    return result;
  }

  /** Lets go of a deployment; plans that another live one has too stay. */
  forget(deployment: DeploymentPlan): void {
    const before = this.#live.length;
    this.#live = this.#live.filter((held) => held !== deployment);
    if (this.#live.length === before) return;
    const kept = new Set(this.#live.flatMap(hashesOf));
    const hashes = hashesOf(deployment).filter((hash) => !kept.has(hash));
    if (hashes.length > 0) this.#send({ type: 'drop', hashes });
  }

  /** Asks the worker by SIGTERM to end what is in flight and then itself. */
  async stop(limitMs: number): Promise<void> {
    await this.#child.stop(limitMs);
    this.#handle.close();
  }

  kill(): void {
    this.#child.kill();
  }

  #receive(message: unknown): void {
    if (typeof message !== 'object' || message === null || !('type' in message)) return;
    if (message.type !== 'loaded' && message.type !== 'refused') return;
    const id = 'id' in message ? message.id : undefined;
    const reason = 'reason' in message ? String(message.reason) : '';
    if (message.type === 'loaded') this.#proven = true;
    const at = this.#waiting.findIndex((load) => load.id === id);
    const [load] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (load !== undefined) {
      load.resolve(message.type === 'loaded' ? { ok: true } : { ok: false, reason });
    } else if (message.type === 'refused') {
      this.#options.log.error(`the restarted filter refused a plan: ${reason}`);
    }
  }
}

function hashesOf(deployment: DeploymentPlan): string[] {
  return deployment.predictors.map((predictor) => predictor.plan.hash);
}

interface BoundHandle {
  readonly fd: number;
  close(): void;
}

/**
 * Binds a unix socket without listening on it. Node offers this only as `net._createServerHandle` (what its cluster
 * module uses); the shape is checked here so that a change in Node is told in words.
 */
function bindSocket(path: string): BoundHandle {
  const create: unknown = Reflect.get(net, '_createServerHandle');
  if (typeof create !== 'function')
    throw new Error('this Node cannot bind a socket for a child process');
  const handle: unknown = Reflect.apply(create, net, [path, -1, -1]);
  if (isBoundHandle(handle)) return handle;
  throw new Error(`the socket ${path} cannot be bound (system error ${String(handle)})`);
}

function isBoundHandle(value: unknown): value is BoundHandle {
  if (typeof value !== 'object' || value === null) return false;
  return (
    typeof Reflect.get(value, 'fd') === 'number' &&
    typeof Reflect.get(value, 'close') === 'function'
  );
}
