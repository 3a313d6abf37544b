// One cell of the table: a target under one load, once. CPU is read when the client says that its warm-up is over and
// when it has finished, so that what is divided by the requests is what they cost.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { cpuNanos, proportionalBytes } from './cpu.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import type { Target } from './target.ts';

export interface Sample extends LoadResult {
  readonly envoyUs: number;
  readonly filterUs: number;
  /** Of all processes that serve the target. */
  readonly pssBytes: number;
}

export interface Load {
  readonly transport: 'rest' | 'grpc';
  readonly bodyBytes: number;
  readonly connections: number;
}

export function measure(target: Target, load: Load, durationMs: number): Promise<Sample> {
  const grpc = load.transport === 'grpc';
  const order: LoadOrder = {
    ...load,
    host: '127.0.0.1',
    payload: target.payload,
    port: grpc ? target.grpcPort : target.httpPort,
    path: grpc ? target.grpcPath : target.path,
    warmUpMs: 300,
    durationMs,
  };
  const cpu = (pids: readonly number[]): number =>
    pids.reduce((sum, pid) => sum + cpuNanos(pid), 0);
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [path.join(import.meta.dirname, 'load.ts'), JSON.stringify(order)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let text = '';
    let envoy = 0;
    let filter = 0;
    let started = false;
    let over = false;
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (!started && text.includes('started\n')) {
        started = true;
        envoy = cpu(target.envoyPids);
        filter = cpu(target.filterPids);
      }
      const line = /^\{.*\}$/m.exec(text);
      if (line === null || over) return;
      over = true;
      const result = JSON.parse(line[0]) as LoadResult;
      const per = (nanos: number): number => nanos / 1000 / Math.max(1, result.requests);
      resolve({
        ...result,
        envoyUs: per(cpu(target.envoyPids) - envoy),
        filterUs: per(cpu(target.filterPids) - filter),
        pssBytes: target.memoryPids.reduce((sum, pid) => sum + proportionalBytes(pid), 0),
      });
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (!over) reject(new Error(`the client of ${target.name} ended with ${code}: ${text}`));
    });
  });
}
