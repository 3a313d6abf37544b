// As much of an API server as the gateway's agent asks for: lists, watches, and the ConfigMap that it applies.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PooledKubeConfig } from '../../lib/kube/config.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { sendJson } from '../../lib/kube/testing/https-server.ts';

const PLURALS: Readonly<Record<string, string>> = {
  SeldonDeployment: 'seldondeployments',
  Service: 'services',
  EndpointSlice: 'endpointslices',
};

export interface StubApiServer {
  config(): PooledKubeConfig;
  put(...objects: readonly KubeObject[]): void;
  remove(object: KubeObject): void;
  /** What was applied last. */
  applied(): KubeObject | undefined;
  close(): Promise<void>;
}

interface Watch {
  readonly plural: string;
  readonly response: ServerResponse;
}

export async function startStubApiServer(): Promise<StubApiServer> {
  const stores = new Map(
    Object.values(PLURALS).map((plural) => [plural, new Map<string, KubeObject>()]),
  );
  const watches = new Set<Watch>();
  let version = 100;
  let applied: KubeObject | undefined;

  const tell = (plural: string, type: string, object: KubeObject) => {
    const line = `${JSON.stringify({ type, object })}\n`;
    for (const watch of watches) if (watch.plural === plural) watch.response.write(line);
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://api');
    const plural = url.pathname.split('/').at(-1) ?? '';
    const store = stores.get(plural);
    if (request.method === 'PATCH') {
      void readBody(request).then((text) => {
        applied = JSON.parse(text) as KubeObject;
        sendJson(response, 200, applied);
      });
    } else if (store === undefined) {
      sendJson(response, 404, { kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404 });
    } else if (url.searchParams.has('watch')) {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      const watch = { plural, response };
      watches.add(watch);
      response.on('close', () => watches.delete(watch));
    } else {
      const items = [...store.values()];
      sendJson(response, 200, { metadata: { resourceVersion: String(version) }, items });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const storeOf = ({ kind }: KubeObject): [string, Map<string, KubeObject>] => {
    const plural = PLURALS[kind] ?? '';
    return [plural, stores.get(plural) ?? new Map()];
  };
  const keyOf = ({ metadata }: KubeObject) => `${metadata.namespace}/${metadata.name}`;
  return {
    config() {
      const config = new PooledKubeConfig();
      config.loadFromClusterAndUser(
        { name: 'test', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
        { name: 'test' },
      );
      return config;
    },
    put(...objects) {
      for (const object of objects) {
        version += 1;
        const stored = {
          ...object,
          metadata: { ...object.metadata, resourceVersion: String(version) },
        };
        const [plural, store] = storeOf(object);
        const type = store.has(keyOf(object)) ? 'MODIFIED' : 'ADDED';
        store.set(keyOf(object), stored);
        tell(plural, type, stored);
      }
    },
    remove(object) {
      version += 1;
      const [plural, store] = storeOf(object);
      const stored = store.get(keyOf(object));
      store.delete(keyOf(object));
      if (stored !== undefined)
        tell(plural, 'DELETED', {
          ...stored,
          metadata: { ...stored.metadata, resourceVersion: String(version) },
        });
    },
    applied: () => applied,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
