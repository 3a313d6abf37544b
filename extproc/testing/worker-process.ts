// Starts the real filter process for tests, as a supervisor does, and talks to it over IPC.
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { workerExecArgv } from '../../lib/runtime/exec-argv.ts';
import type { Door, ParentMessage, WorkerMessage } from '../process/ipc.ts';

const MAIN = fileURLToPath(new URL('../process/main.ts', import.meta.url));

export interface WorkerProcess {
  readonly child: ChildProcess;
  /** What it wrote to standard error so far. */
  stderr(): string;
  /** Resolves when that is there: what a process writes may come later than its messages. */
  writes(pattern: RegExp): Promise<void>;
  send(message: ParentMessage): void;
  /** Listens on a unix socket and hands what comes to the process. */
  listen(to: Door, path: string): Promise<void>;
  /** The next message of a type, also when it came already; rejects when the process ends first. */
  next<T extends WorkerMessage['type']>(type: T): Promise<Extract<WorkerMessage, { type: T }>>;
  /** Exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
}

export function startWorkerProcess(args: readonly string[] = []): WorkerProcess {
  const child = spawn(process.execPath, [...workerExecArgv, MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stdout?.resume();
  const inbox: WorkerMessage[] = [];
  const waiting = new Set<() => void>();
  let over = false;
  const wake = (): void => {
    for (const look of waiting) look();
  };
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    wake();
  });
  child.on('message', (message) => {
    inbox.push(message as WorkerMessage);
    wake();
  });
  const ended = new Promise<number | string>((resolve) => {
    child.on('exit', (code, signal) => {
      const end = (): void => {
        over = true;
        wake();
        resolve(code ?? signal ?? 'unknown');
      };
      // The end of what it wrote may still be on its way.
      if (child.stderr === null || child.stderr.closed) end();
      else child.stderr.once('close', end);
    });
  });
  return {
    child,
    stderr: () => stderr,
    writes: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(stderr)) resolve();
          else if (over)
            reject(new Error(`the process ended without ${String(pattern)}: ${stderr}`));
          else return;
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      }),
    send: (message) => child.send(message),
    listen: (to, path) => {
      const hand = (socket: Socket): void =>
        void child.send({ type: 'connection', id: 0, to }, socket);
      const server = createServer({ pauseOnConnect: true }, hand);
      child.once('exit', () => server.close());
      return new Promise((resolve) => server.listen(path, resolve));
    },
    ended,
    next: (type) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const index = inbox.findIndex((message) => message.type === type);
          if (index >= 0) {
            const [message] = inbox.splice(index, 1);
            resolve(message as Extract<WorkerMessage, { type: typeof type }>);
          } else if (over) reject(new Error(`the process ended before "${type}": ${stderr}`));
          else return;
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      }),
  };
}
