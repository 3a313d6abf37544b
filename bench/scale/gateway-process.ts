// One gateway as the chart runs it: its agent and its Envoy, each a process, and the pod that the agent acknowledges for.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { layoutOf } from '../../gateway/process/gateway.ts';
import { gatewayOptions } from '../../gateway/testing/options.ts';
import { startGatewayEnvoy } from '../../gateway/testing/envoy.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { freePort } from '../../e2e/harness/ports.ts';
import type { ApiServer } from '../../e2e/kube/apiserver.ts';
import { endChild, runChild } from '../../e2e/kube/child.ts';
import { SYSTEM_NAMESPACE } from './deployments.ts';
import { CHART_ENVIRONMENT, CHART_NODE_FLAGS, warmCompileCache } from './as-the-chart.ts';
import { readPage } from './metrics.ts';
import type { Usage } from './usage.ts';
import { readUsage } from './usage.ts';

const MAIN = new URL('../../gateway/process/main.ts', import.meta.url).pathname;
const READY_MS = 60_000;

export interface GatewayProcess {
  readonly httpPort: number;
  /** Agent's metrics in Prometheus' text format. */
  metrics(): Promise<string>;
  usage(): { readonly agent: Usage; readonly envoy: Usage };
  stop(): Promise<void>;
}

/** The system's namespace must be there. */
export async function startGatewayProcess(
  api: ApiServer,
  client: KubeClient,
): Promise<GatewayProcess> {
  await warmCompileCache(MAIN);
  const dir = join(api.dir, 'gateway');
  await mkdir(dir, { recursive: true });
  const [httpPort, statusPort] = [await freePort(), await freePort()];
  const flags = [
    '--host=127.0.0.1',
    `--http-port=${httpPort}`,
    `--status-port=${statusPort}`,
    `--run-dir=${join(dir, 'run')}`,
    `--state-dir=${join(dir, 'state')}`,
    `--access-log=${join(dir, 'access.log')}`,
  ];
  const pod = await client.create(
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'gateway-0', namespace: SYSTEM_NAMESPACE },
      spec: { containers: [{ name: 'agent', image: 'gateway' }] },
    },
    { manager: 'test' },
  );
  const child = runChild(
    api.dir,
    'gateway',
    process.execPath,
    [...CHART_NODE_FLAGS, MAIN, ...flags],
    {
      ...process.env,
      ...CHART_ENVIRONMENT,
      KUBECONFIG: api.kubeconfig,
      POD_NAME: pod.metadata.name,
      POD_NAMESPACE: SYSTEM_NAMESPACE,
      POD_UID: pod.metadata.uid,
    },
  );
  const url = `http://127.0.0.1:${statusPort}`;
  await untilOk(`${url}/live`);
  const envoy = await startGatewayEnvoy(dir, layoutOf(gatewayOptions(flags)));
  await envoy.ready();
  await untilOk(`${url}/ready`);
  return {
    httpPort,
    metrics: () => readPage(`${url}/metrics`),
    usage: () => ({ agent: readUsage(child.pid ?? 0), envoy: readUsage(envoy.pid) }),
    async stop() {
      await envoy.stop();
      await endChild(child, 'SIGTERM');
    },
  };
}

async function untilOk(url: string): Promise<void> {
  const until = Date.now() + READY_MS;
  while (
    !(await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (Date.now() > until) throw new Error(`${url} was not well in 60 s`);
    await sleep(50);
  }
}
