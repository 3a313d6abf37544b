// Where the API server is and who we are there: client-node's KubeConfig (kubeconfig files, in-cluster tokens, exec
// plugins) with one pool of connections. The library makes a new pool for every call; here the first one is kept until
// the certificates that it was made from change. A token may rotate freely: it is a header.
import { createHash } from 'node:crypto';
import type { AgentOptions } from 'node:https';
import { type Cluster, KubeConfig, type RequestContext } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';

/** Below the 90 s after which an API server closes an idle connection. */
const KEEP_ALIVE_MS = 60_000;

type DispatcherOptions = ReturnType<KubeConfig['createDispatcherOptions']>;
type ConnectOptions = Extract<DispatcherOptions, { type: 'agent' }>['connect'];

export class PooledKubeConfig extends KubeConfig {
  #options: DispatcherOptions | undefined;
  #certificates = '';
  #pool: { readonly dispatcher: Dispatcher; readonly certificates: string } | undefined;

  /** `KUBECONFIG`, `~/.kube/config`, the pod's service account: the first that is there. */
  static load(): PooledKubeConfig {
    const config = new PooledKubeConfig();
    config.loadFromDefault();
    return config;
  }

  /** The API server's address without a slash at its end. Throws where no cluster is configured. */
  serverUrl(): string {
    const cluster = this.getCurrentCluster();
    if (cluster === null) throw new Error('the kubeconfig names no cluster');
    let url = cluster.server;
    while (url.endsWith('/')) url = url.slice(0, -1);
    return url;
  }

  /** The namespace of the context (in a pod: the pod's own); `default` where none is named. */
  namespace(): string {
    const context = this.getContextObject(this.getCurrentContext());
    return context?.namespace ?? 'default';
  }

  /** The library asks here on each call, with the certificates as they are on disk now. */
  override createDispatcherOptions(
    cluster: Cluster | null,
    agentOptions: AgentOptions,
  ): DispatcherOptions {
    this.#options = super.createDispatcherOptions(cluster, agentOptions);
    this.#certificates = hashCertificates(cluster, agentOptions);
    return this.#options;
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    const made = context.getDispatcher();
    if (made === undefined) return;
    context.setDispatcher(this.#keep(made));
  }

  #keep(made: Dispatcher): Dispatcher {
    if (this.#pool?.certificates === this.#certificates) return this.#pool.dispatcher;
    // Requests and watches that run on the old pool end on it.
    this.#pool?.dispatcher.close().catch(() => {});
    const dispatcher = this.#options?.type === 'agent' ? createPool(this.#options.connect) : made;
    this.#pool = { dispatcher, certificates: this.#certificates };
    return dispatcher;
  }

  /** Closes the connections, those in use too. A later call opens new ones. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.dispatcher.destroy();
  }
}

/** HTTP/1.1, so that each watch has a connection of its own and a broken one breaks nothing else. */
function createPool(connect: ConnectOptions): Agent {
  // The library sets neither of the two; their types differ between it and undici.
  const { port: _port, timeout: _timeout, ...options } = connect;
  return new Agent({
    connect: options,
    keepAliveTimeout: KEEP_ALIVE_MS,
    allowH2: false,
  });
}

function hashCertificates(cluster: Cluster | null, options: AgentOptions): string {
  const hash = createHash('sha256');
  const parts = [options.ca, options.cert, options.key].flat();
  for (const part of [...parts, options.servername, cluster?.server]) {
    const bytes = typeof part === 'string' || Buffer.isBuffer(part) ? part : '';
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest('base64');
}
