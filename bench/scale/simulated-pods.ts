// Stands for what would run in the pods: answers requests of the gateway with the name of the predictor whose pod was reached, and
// the operator's questions with the plan that the pod would have mounted. What it knows comes from watches.
import { objectOf, textOf } from '../../graph/plan/json-value.ts';
import { statusOf } from '../../operator/observe/fields.ts';
import { createServer, type RequestListener, type Server } from 'node:http';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { Reflector } from '../../lib/kube/reflector.ts';
import { ANNOTATIONS, LABELS, PLAN_KEY, PORTS } from '../../cluster/names.ts';

const KEEP_ALIVE_MS = 3_600_000;

interface SimulatedPod {
  readonly predictor: string;
  /** Key of the ConfigMap. */
  readonly planMap: string;
}

export interface SimulatedPods {
  readonly count: number;
  close(): Promise<void>;
}

export async function startSimulatedPods(client: KubeClient): Promise<SimulatedPods> {
  const stop = new AbortController();
  const pods = new Map<string, SimulatedPod>();
  const hashes = new Map<string, string>();
  const labelSelector = LABELS.deployment;
  const reflectors = [
    new Reflector({
      client,
      kind: { apiVersion: 'v1', kind: 'Pod' },
      labelSelector,
      log: SILENT_LOG,
      onChange: ({ object }) => {
        const address = textOf(statusOf(object)['podIP']);
        if (address !== '') pods.set(address, readPod(object));
      },
    }),
    new Reflector({
      client,
      kind: { apiVersion: 'v1', kind: 'ConfigMap' },
      labelSelector,
      log: SILENT_LOG,
      onChange: ({ key, object }) => hashes.set(key, readHash(object)),
    }),
  ];
  const watching = reflectors.map((each) => each.run(stop.signal));
  const servers = await Promise.all([
    serve(PORTS.http, (request, response) => {
      const pod = pods.get(request.socket.localAddress ?? '');
      request.resume();
      request.on('end', () => response.end(pod?.predictor ?? ''));
    }),
    serve(PORTS.status, (request, response) => {
      const pod = pods.get(request.socket.localAddress ?? '');
      const hash = hashes.get(pod?.planMap ?? '');
      response.writeHead(hash === undefined ? 503 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ hash: hash ?? null }));
    }),
  ]);
  return {
    get count() {
      return pods.size;
    },
    async close() {
      stop.abort();
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      await Promise.all(watching);
    },
  };
}

function readPod({ metadata }: KubeObject): SimulatedPod {
  const map = metadata.annotations?.[ANNOTATIONS.planMap] ?? '';
  return {
    predictor: metadata.labels?.[LABELS.predictor] ?? '',
    planMap: `${metadata.namespace ?? ''}/${map}`,
  };
}

function readHash(map: KubeObject): string {
  const file = JSON.parse(textOf(objectOf(map['data'])[PLAN_KEY]) || '{}') as {
    predictors?: readonly { plan?: { hash?: string } }[];
  };
  return file.predictors?.[0]?.plan?.hash ?? '';
}

/** On every address of this network. */
function serve(port: number, listener: RequestListener): Promise<Server> {
  // As a sidecar does: the gateway closes connections, never the pod under its hands.
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, listener);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '0.0.0.0', () => resolve(server));
  });
}
