// Runs one of the clients in this folder, a Python program, and gives what it prints: a JSON text. Also the numbers that have to come back.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const CHECKOUT = '../../../';
const PYTHON = path(`${CHECKOUT}.venv-clients/bin/python`);
/** Seldon's client wants an older protobuf than the others, which Seldon's wrapper has. */
const SELDON_PYTHON = path(`${CHECKOUT}.venv-models/bin/python`);
const GRPCURL = path(`${CHECKOUT}.cache/clients/grpcurl`);
const SERVERS = path(`${CHECKOUT}.venv-servers/bin`);
/** Of a client that never ends. */
const LIMIT_MS = 120_000;
const run = promisify(execFile);

/** How a client called, and what came back: numbers, or the error as it reports it. */
export interface Called {
  readonly how: string;
  readonly numbers?: readonly (readonly number[])[];
  readonly error?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Why the tests over real servers and clients cannot run; false where they can. */
export const skip =
  existsSync(`${SERVERS}/mlserver`) && existsSync(PYTHON)
    ? false
    : 'no .venv-servers or .venv-clients: run make test-servers';
export const skipGrpcurl = existsSync(GRPCURL) ? skip : 'no grpcurl, which needs Go';

/** With the servers that `run` starts on PATH. */
export const serversEnv: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${path('../bin')}:${SERVERS}:${process.env['PATH'] ?? ''}`,
};

/** Throws with what the client wrote to standard error if it fails. */
export async function askClient(script: string, ...args: string[]): Promise<unknown> {
  const ofSeldon = script === 'with_seldon.py';
  const { stdout } = await run(ofSeldon ? SELDON_PYTHON : PYTHON, [path(script), ...args], {
    timeout: LIMIT_MS,
    env: { ...process.env, PYTHONWARNINGS: 'ignore' },
  });
  return JSON.parse(stdout);
}

export async function grpcurl(...args: string[]): Promise<string> {
  return (await run(GRPCURL, ['-plaintext', ...args], { timeout: LIMIT_MS })).stdout;
}

/** What numpy says that each graph answers, by the name of the last step. */
export async function expectedNumbers(): Promise<Record<string, number[][]>> {
  const folder = path(`${CHECKOUT}.cache/servers`);
  return (await askClient('flowers.py', folder)) as Record<string, number[][]>;
}
