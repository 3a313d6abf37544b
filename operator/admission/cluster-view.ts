// What the webhooks know of the cluster, from two watches. A look into a cache is all that most reviews cost; the API server
// is asked only where the cache may be behind.
import type { Log } from '../../lib/runtime/log.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { WatchMetrics } from '../../lib/kube/metrics.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { Reflector } from '../../lib/kube/reflector.ts';
import { INJECTION_ENABLED } from '../../cluster/names.ts';
import type { ClusterView } from './webhooks.ts';
import { STORED_KIND } from '../../graph/crd/names.ts';

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace' } as const;
/** Of a live question within a review, whose own time is a few seconds. */
const LIVE_TIMEOUT_MS = 2_000;

export interface WatchedCluster extends ClusterView {
  readonly hasSynced: boolean;
  /** Watches until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export function watchCluster(options: {
  readonly client: KubeClient;
  readonly injectionAnnotation: string;
  readonly log: Log;
  readonly metrics?: WatchMetrics | undefined;
}): WatchedCluster {
  const { client, injectionAnnotation, log, metrics } = options;
  const deployments = new Reflector({ client, kind: STORED_KIND, trim: dropUnread, log, metrics });
  const namespaces = new Reflector({ client, kind: NAMESPACE, trim: dropUnread, log, metrics });
  const injectionOf = (namespace: KubeObject | undefined): string | undefined =>
    namespace?.metadata.annotations?.[injectionAnnotation];
  const live = { timeoutMs: LIVE_TIMEOUT_MS };
  return {
    get hasSynced() {
      return deployments.hasSynced && namespaces.hasSynced;
    },
    async run(signal) {
      await Promise.all([deployments.run(signal), namespaces.run(signal)]);
    },
    listDeployments: (namespace) => deployments.store.inNamespace(namespace),
    async findDeployment(namespace, name) {
      const known = deployments.store.get(`${namespace}/${name}`);
      return known ?? client.get({ ...STORED_KIND, namespace, name }, live);
    },
    async readInjection(namespace) {
      const known = injectionOf(namespaces.store.get(namespace));
      if (known === INJECTION_ENABLED) return known;
      return injectionOf(await client.get({ ...NAMESPACE, name: namespace }, live));
    },
  };
}

/** Status and bookkeeping are most of an object and never read here. */
function dropUnread(object: KubeObject): KubeObject {
  const { status: _, ...rest } = object;
  const { managedFields: __, ...metadata } = object.metadata;
  return { ...rest, metadata } as KubeObject;
}
