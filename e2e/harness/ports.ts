// Ports for what tests start. The system's own way (listen on 0, close, use the number) hands out the same number twice now
// and then, and to outgoing connections in between: a request then reaches the wrong server. So each process draws from
// hundreds of its own, below the range from which the system takes ports, and gives each number out once.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FIRST = 10_000;
const RUN = 100;
/** Up to 32,000: the system's range begins at 32,768. */
const RUNS = 220;

/** A file for each run that a process has, with its pid. */
const CLAIMS = join(tmpdir(), 'sidegraph-test-ports');

const claimed: string[] = [];
let nextRun = process.pid % RUNS;
let rest: number[] = [];
process.once('exit', () => {
  for (const file of claimed) rmSync(file, { force: true });
});

/** A port on which nothing listens now, and that this process was not given before. */
export async function freePort(): Promise<number> {
  if (rest.length === 0) rest = takeRun();
  const port = rest.shift() as number;
  return (await isFree(port)) ? port : freePort();
}

/** That many of them. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

/** The first of a hundred free ports in a row. */
export async function freePortRun(): Promise<number> {
  for (let tries = 0; tries < RUNS; tries += 1) {
    const ports = takeRun();
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return ports[0] as number;
  }
  throw new Error('no hundred free ports in a row: stop some of what listens on this machine');
}

function takeRun(): number[] {
  mkdirSync(CLAIMS, { recursive: true });
  for (let tries = 0; tries < RUNS; tries += 1) {
    const run = nextRun;
    nextRun = (nextRun + 1) % RUNS;
    if (claim(join(CLAIMS, String(run))))
      return Array.from({ length: RUN }, (_, i) => FIRST + run * RUN + i);
  }
  throw new Error(`all ports for tests are taken: are the processes alive that ${CLAIMS} names?`);
}

/** False where a process that lives has it. */
function claim(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch {
    if (isAlive(ownerOf(file))) return false;
    writeFileSync(file, String(process.pid));
  }
  claimed.push(file);
  return true;
}

/** 0 where it was given up meanwhile. */
function ownerOf(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** On every address, since servers under test listen on any. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () =>
      server.close(() => resolve(true)),
    );
  });
}
