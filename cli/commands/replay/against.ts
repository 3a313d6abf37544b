// `--against`: another graph, started as `sidegraph run` starts it, in a process of its own, on ports that are free. It captures what is
// sent to it, and ends with the command.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CommandFailure } from '../../../lib/runtime/failure.ts';
import type { Io } from '../../../lib/runtime/io.ts';
import { isPlainObject } from '../../../graph/plan/json-value.ts';
import { MAX_CAPTURES } from '../../../sidecar/live/capture/limits.ts';
import { findFreePort } from '../../units/ports.ts';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));
/** Away from the defaults of `run`. */
const FIRST_PORT = 18_000;
const END_LIMIT_MS = 30_000;

export interface OtherGraph {
  /** Of its admin port. */
  readonly url: string;
  close(): Promise<void>;
}

/** Resolves when it is ready; throws a CommandFailure when it does not come up. Its own output goes to standard error. */
export async function startOther(
  file: string,
  runArguments: readonly string[],
  io: Io,
): Promise<OtherGraph> {
  const ports: number[] = [];
  for (let count = 0; count < 3; count++)
    ports.push(await findFreePort((ports.at(-1) ?? FIRST_PORT) + 1, new Set()));
  const [port, grpcPort, adminPort] = ports;
  const own = `--port ${port} --grpc-port ${grpcPort} --admin-port ${adminPort} --capture=${MAX_CAPTURES} --free-ports --log-level warn -o json`;
  const child = spawn(
    process.execPath,
    [...process.execArgv, MAIN, 'run', file, ...own.split(' '), ...runArguments],
    { stdio: ['ignore', 'pipe', 'pipe'], env: io.env },
  );
  child.stderr.on('data', (chunk: Buffer) => io.err(chunk.toString()));
  // A signal that ends this process would leave the other one behind.
  const end = (): void => {
    child.kill();
    process.exit(1);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, end);
  const close = async (): Promise<void> => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, end);
    await stop(child);
  };
  try {
    return { url: await readyUrl(child), close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** Out of the line that `run -o json` prints when it is ready. */
function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const [line, rest] = text.split('\n');
      if (line === undefined || rest === undefined) return;
      const told: unknown = JSON.parse(line);
      if (isPlainObject(told) && typeof told['admin'] === 'string') resolve(told['admin']);
    });
    const fail = (how: string): void =>
      reject(
        new CommandFailure(
          'REPLAY_FAILED',
          `the graph of --against ${how} before it was ready`,
          'see what it says above; try it alone with: sidegraph run FILE',
        ),
      );
    child.once('error', (error) => fail(`could not be started (${error.message})`));
    child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  const timer = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
  await gone;
  clearTimeout(timer);
}
