// Ports for what tests start. The system's own way (listen on 0, close, use the number) hands out the same number twice now
// and then, and to outgoing connections in between: a request then reaches the wrong server. So each process draws from
// hundreds of its own, below the range from which the system takes ports, and gives each number out once.
import { createServer } from 'node:net';

const FIRST = 10_000;
const RUN = 100;
/** Up to 32,000: the system's range begins at 32,768. */
const RUNS = 220;

/** The numbers of runs that this process has taken; processes of one test run have pids close to each other. */
let nextRun = process.pid % RUNS;
let rest: number[] = [];

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
  const first = FIRST + nextRun * RUN;
  nextRun = (nextRun + 1) % RUNS;
  return Array.from({ length: RUN }, (_, i) => first + i);
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
