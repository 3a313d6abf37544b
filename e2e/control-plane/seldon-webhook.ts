// Stands in for the pod of Seldon's operator as its chart starts it: it answers the validating webhook with the certificate that the
// chart's Secret held when the pod started. A chart upgrade makes another one, and so does not reach it before it is restarted.
import { numberOf, objectOf } from '../../graph/plan/json-value.ts';
import { specOf } from '../../operator/observe/fields.ts';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../../lib/kube/client.ts';
import { DEPLOYMENT } from './operator-harness.ts';

const NAMESPACE = 'seldon-system';
const POD = { ...DEPLOYMENT, namespace: NAMESPACE, name: 'seldon-controller-manager' };
const SECRET = {
  apiVersion: 'v1',
  kind: 'Secret',
  namespace: NAMESPACE,
  name: 'seldon-webhook-server-cert',
} as const;
const LOOK_MS = 50;

export interface SeldonWebhook {
  readonly url: string;
  /** Starts the pod, and starts it anew when its Deployment says so. Resolves when it has its first certificate. */
  start(client: KubeClient): Promise<void>;
  stop(): Promise<void>;
}

export async function openSeldonWebhook(): Promise<SeldonWebhook> {
  const stopping = new AbortController();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const review = objectOf(JSON.parse(Buffer.concat(parts).toString('utf8')));
      const { uid } = objectOf(review['request']);
      const { apiVersion, kind } = review;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion, kind, response: { uid, allowed: true } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let watched: Promise<void> | undefined;
  return {
    url: `https://127.0.0.1:${port}`,
    start(client) {
      return new Promise((resolve, reject) => {
        watched = watchPod(client, server, stopping.signal, resolve);
        watched.catch(reject);
      });
    },
    async stop() {
      stopping.abort();
      await watched;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Plays the kubelet and the Deployment's controller: each new template is a new pod, which reads the Secret as it is then. */
async function watchPod(
  client: KubeClient,
  server: Server,
  signal: AbortSignal,
  onCertificate: () => void,
): Promise<void> {
  let template = '';
  while (!signal.aborted) {
    const live = await client.get(POD);
    const found = JSON.stringify(objectOf(specOf(live ?? { ...POD, metadata: POD })['template']));
    if (live !== undefined && found !== template) {
      template = found;
      const data = objectOf((await client.get(SECRET))?.['data']);
      const pem = (name: string): string => Buffer.from(String(data[name]), 'base64').toString();
      server.setSecureContext({ cert: pem('tls.crt'), key: pem('tls.key') });
      // The API server keeps connections, as it does to a pod until that ends.
      server.closeAllConnections();
      onCertificate();
      const replicas = numberOf(specOf(live)['replicas'] ?? 1);
      const counts = {
        replicas,
        updatedReplicas: replicas,
        readyReplicas: replicas,
        availableReplicas: replicas,
      };
      const status = { observedGeneration: live.metadata.generation, ...counts };
      const { apiVersion, kind, name, namespace } = POD;
      await client.apply(
        { apiVersion, kind, metadata: { name, namespace }, status },
        { manager: 'kube-controller-manager', force: true, subresource: 'status' },
      );
    }
    await sleep(LOOK_MS);
  }
}
