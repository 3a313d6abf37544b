// A whole gateway: the agent over a played API server, a real Envoy, and a model behind an address that may be a pod's.
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { rest } from '../../envoy/testing/clients.ts';
import { freePort } from '../../e2e/harness/ports.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { Registry } from '../../lib/kube/registry.ts';
import { type Gateway, type GatewayDeps, startGateway } from '../process/gateway.ts';
import type { GatewayOptions } from '../process/options.ts';
import { gatewayOptions } from './options.ts';
import { type StubApiServer, startStubApiServer } from './api-server.ts';
import { type GatewayEnvoy, makeTestDir, removeDir, startGatewayEnvoy } from './envoy.ts';
import {
  type DeploymentSketch,
  type Ports,
  sketchDeployment,
  sketchServices,
  sketchSlice,
} from './objects.ts';

const UNTIL_MS = 30_000;
const POD = { name: 'gateway-0', namespace: 'system', uid: 'uid-gateway-0' };

export interface TestGateway {
  readonly api: StubApiServer;
  readonly options: GatewayOptions;
  readonly modelPort: number;
  readonly registry: Registry;
  gateway(): Gateway;
  envoy(): GatewayEnvoy;
  /** Stores a deployment and what its operator makes of it: Services whose pods are the model, or what listens at these ports. */
  deploy(sketch: DeploymentSketch, ports?: Ports): void;
  predict(
    namespace: string,
    name: string,
    headers?: Readonly<Record<string, string>>,
  ): ReturnType<typeof rest>;
  /** A new agent and a new Envoy, as when the pod is made anew; `keepState`: on what the former ones left on disk. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly model: RequestListener;
  readonly render?: GatewayDeps['render'];
  readonly options?: Partial<GatewayOptions>;
  readonly concurrency?: number;
  /** Files that Envoy may open. */
  readonly files?: number;
  readonly before?: (api: StubApiServer) => void;
}

/** Addresses of pods are never loopback. */
export function ownAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.internal === false && each.family === 'IPv4')?.address;
}

export async function startTestGateway(test: TestGatewayOptions): Promise<TestGateway> {
  const ip = ownAddress();
  assert.ok(ip, 'the machine has an address that is not loopback');
  const api = await startStubApiServer();
  test.before?.(api);
  const model = await listen(createServer({ maxHeaderSize: 1024 * 1024 }, test.model), ip);
  const dir = await makeTestDir();
  const options: GatewayOptions = {
    ...gatewayOptions(),
    host: '127.0.0.1',
    httpPort: await freePort(),
    statusPort: await freePort(),
    runDir: join(dir, 'run'),
    stateDir: join(dir, 'state'),
    accessLogPath: '/dev/null',
    accessLog: 'failures',
    tracing: undefined,
    pod: POD,
    drain: { leaveMs: 0, finishMs: 1000 },
    ...test.options,
  };
  const registry = new Registry();
  const start = async (): Promise<[Gateway, GatewayEnvoy]> => {
    const started = await startGateway(options, {
      client: new KubeClient(api.config()),
      registry: new Registry(),
      log: SILENT_LOG,
      ...(test.render === undefined ? {} : { render: test.render }),
    });
    const envoy = await startGatewayEnvoy(dir, started.layout, test.concurrency ?? 1, test.files);
    try {
      await envoy.ready();
    } catch (error) {
      await started.close();
      await endAll();
      throw error;
    }
    return [started, envoy];
  };
  const endAll = async () => {
    model.closeAllConnections();
    model.close();
    await api.close();
    await removeDir(dir);
  };
  let [gateway, envoy] = await start();
  const stop = async () => {
    await gateway.close();
    await envoy.stop();
  };
  const { port } = model.address() as AddressInfo;
  const modelPorts = { http: port, grpc: port };
  return {
    api,
    options,
    modelPort: port,
    registry,
    gateway: () => gateway,
    envoy: () => envoy,
    deploy(sketch, ports = modelPorts) {
      const services = sketchServices(sketch, ports);
      const slices = services.map((service) => sketchSlice(service, [ip], ports));
      api.put(sketchDeployment(sketch), ...services, ...slices);
    },
    predict: (namespace, name, headers = {}) =>
      rest({
        port: options.httpPort,
        path: `/seldon/${namespace}/${name}/api/v1.0/predictions`,
        headers,
        body: '{}',
      }),
    async restart() {
      await stop();
      [gateway, envoy] = await start();
    },
    async close() {
      await stop();
      await endAll();
    },
  };
}

export async function until(isTrue: () => Promise<boolean> | boolean, what: string): Promise<void> {
  const endMs = performance.now() + UNTIL_MS;
  while (performance.now() < endMs) {
    if (await isTrue()) return;
    await delay(20);
  }
  assert.fail(`not within ${UNTIL_MS} ms: ${what}`);
}

function listen(server: Server, host: string): Promise<Server> {
  return new Promise((resolve) => {
    server.listen(0, host, () => resolve(server));
  });
}
