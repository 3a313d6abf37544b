// How the benches of the clients measure: a stub in a process of its own, a closed loop of calls, and the processor time
// of this process per call, the best of three runs (the least disturbed).
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CallRequest, UnitClient } from '../../contract/calls.ts';

/** Makes so many calls. */
export type Run = (count: number) => Promise<void>;

export function clientRun(client: UnitClient, request: CallRequest, concurrency: number): Run {
  return (count) =>
    new Promise((resolve, reject) => {
      let left = count;
      let running = concurrency;
      const next = (): void => {
        if (left-- <= 0) {
          if (--running === 0) resolve();
          return;
        }
        client.call(request, (result) => {
          if (result.kind === 'response' && result.isOk) next();
          else reject(new Error(JSON.stringify(result)));
        });
      };
      for (let i = 0; i < concurrency; i++) next();
    });
}

/** Prints and returns processor microseconds per call. */
export async function measure(name: string, run: Run, calls: number): Promise<number> {
  await run(Math.min(calls, 20_000));
  let best = Number.POSITIVE_INFINITY;
  let rate = 0;
  for (let repetition = 0; repetition < 3; repetition++) {
    const cpu = process.cpuUsage();
    const started = performance.now();
    await run(calls);
    const used = process.cpuUsage(cpu);
    const cost = (used.user + used.system) / calls;
    if (cost < best) rate = calls / ((performance.now() - started) / 1000);
    best = Math.min(best, cost);
  }
  console.log(`${name.padEnd(8)} ${best.toFixed(1)} µs CPU a call, ${rate.toFixed(0)} calls/s`);
  return best;
}

export async function startStub(
  script: URL,
  bodyBytes: number,
): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', fileURLToPath(script), String(bodyBytes)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, port: Number(line.toString()) };
}
