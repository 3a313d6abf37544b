// What is measured: an address to send to, and the processes whose CPU it costs. Starts the stubs, the bare Envoy and
// one `sidegraph run` a graph; everything ends with the bench.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { bareEnvoyBootstrap } from './bare.ts';
import { freePorts } from '../e2e/harness/ports.ts';
import { descendants } from '../e2e/harness/processes.ts';
import type { BenchGraph, StubPorts } from './graphs.ts';
import type { PayloadKind } from './payload.ts';

export interface Target {
  readonly name: string;
  readonly title: string;
  readonly payload: PayloadKind;
  /** 0: not measured. */
  readonly httpPort: number;
  /** 0: not measured. */
  readonly grpcPort: number;
  readonly path: string;
  readonly grpcPath: string;
  readonly envoyPids: readonly number[];
  readonly filterPids: readonly number[];
  /** Of everything that serves it, the supervisor included. */
  readonly memoryPids: readonly number[];
}

/** A checkout whose Sidegraph is measured. */
export interface Tree {
  /** Put before the titles of its targets; '' for this one. */
  readonly name: string;
  readonly root: string;
  /** Envoy's worker threads; undefined for what it starts with by itself. */
  readonly envoyWorkers: number | undefined;
}

const PREDICT = { path: '/api/v1.0/predictions', grpcPath: '/seldon.protos.Seldon/Predict' };
const INFER = { path: '/v2/models/infer', grpcPath: '/inference.GRPCInferenceService/ModelInfer' };
const MODEL = { path: '/predict', grpcPath: '/seldon.protos.Model/Predict' };

export class Bench {
  readonly #children: ChildProcess[] = [];
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  async startStubs(ports: StubPorts): Promise<Target> {
    await this.#start(
      'stubs',
      process.execPath,
      [path.join(import.meta.dirname, 'stubs.ts'), JSON.stringify(ports)],
      /^ready/m,
    );
    return {
      name: 'direct',
      title: 'the stub itself',
      payload: 'seldon',
      httpPort: ports.rest,
      grpcPort: ports.grpc,
      ...MODEL,
      envoyPids: [],
      filterPids: [],
      memoryPids: [],
    };
  }

  async startBareEnvoy(envoy: string, stubs: StubPorts, workers: number): Promise<Target> {
    const [httpPort = 0, grpcPort = 0] = await freePorts(2);
    const file = path.join(this.#dir, 'bare.json');
    const bootstrap = bareEnvoyBootstrap({
      httpPort,
      grpcPort,
      stubs,
    });
    writeFileSync(file, JSON.stringify(bootstrap));
    const args = [
      '-c',
      file,
      '--concurrency',
      String(workers),
      '--disable-hot-restart',
      '-l',
      'warning',
      '--base-id',
      '0',
      '--use-dynamic-base-id',
    ];
    const child = await this.#start('bare', envoy, args, undefined);
    await listening(httpPort);
    return {
      name: 'bare',
      title: 'bare Envoy route',
      payload: 'seldon',
      httpPort,
      grpcPort,
      ...MODEL,
      envoyPids: [child.pid ?? 0],
      filterPids: [],
      memoryPids: [child.pid ?? 0],
    };
  }

  async startGraph(graph: BenchGraph, tree: Tree): Promise<Target> {
    const [httpPort = 0, grpcPort = 0] = await freePorts(2);
    const name = tree.name === '' ? graph.name : `${tree.name}:${graph.name}`;
    const file = path.join(this.#dir, `${graph.name}.yaml`);
    writeFileSync(file, graph.manifest);
    const args = [
      'run',
      file,
      '--port',
      String(httpPort),
      '--grpc-port',
      String(grpcPort),
      '--state-dir',
      path.join(this.#dir, `s-${name}`),
      ...(tree.envoyWorkers === undefined ? [] : ['--concurrency', String(tree.envoyWorkers)]),
      ...graph.args,
    ];
    const child = await this.#start(name, path.join(tree.root, 'bin/sidegraph'), args, /^ready /m);
    const pid = child.pid ?? 0;
    return {
      name,
      title: tree.name === '' ? graph.title : `${graph.title} (${tree.name})`,
      payload: graph.payload,
      httpPort,
      // Over gRPC binary tensors are the messages' own matter.
      grpcPort: graph.payload === 'v2-binary' ? 0 : grpcPort,
      ...(graph.payload === 'seldon' ? PREDICT : INFER),
      envoyPids: descendants(pid, /envoy .*--?c|envoy .*--config-path/),
      filterPids: descendants(pid, /extproc\/(process\/)?main\.ts/),
      memoryPids: [pid, ...descendants(pid, /./)],
    };
  }

  #start(
    name: string,
    command: string,
    args: readonly string[],
    ready: RegExp | undefined,
  ): Promise<ChildProcess> {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe', ...(name === 'stubs' ? (['ipc'] as const) : [])],
    });
    this.#children.push(child);
    let output = '';
    return new Promise((resolve, reject) => {
      const fail = (code: number | null): void =>
        reject(new Error(`${name} ended with ${code}:\n${output}`));
      child.once('exit', fail);
      child.once('error', reject);
      const read = (chunk: Buffer): void => {
        output = (output + chunk.toString()).slice(-8192);
        if (ready !== undefined && ready.test(output)) resolve(child);
      };
      child.stdout?.on('data', read);
      child.stderr?.on('data', read);
      if (ready === undefined) resolve(child);
    });
  }

  /** Ends all, and resolves when they have ended. */
  async stop(): Promise<void> {
    const ended = this.#children
      .filter((child) => child.exitCode === null && child.signalCode === null)
      .map((child) => {
        child.removeAllListeners('exit');
        return new Promise((resolve) => child.once('exit', resolve));
      });
    this.kill();
    await Promise.all(ended);
  }

  /** Tells all to end. */
  kill(): void {
    for (const child of this.#children) {
      child.removeAllListeners('error');
      child.on('error', () => {});
      child.kill('SIGTERM');
    }
  }
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port} after 10 s`);
}
