// The cluster of a command: the kubeconfig that its flags name, and what a failed call means for who typed it.
import { KubeClient } from '../../lib/kube/client.ts';
import { PooledKubeConfig } from '../../lib/kube/config.ts';
import { describeError, KubeError } from '../../lib/kube/error.ts';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import type { ClusterOptions } from './flags.ts';
import { missing } from './notes.ts';

export interface LiveCluster {
  readonly client: KubeClient;
  readonly namespace: string;
  /** What was thrown, as the failure of a command. */
  explain(thrown: unknown): unknown;
  close(): Promise<void>;
}

/** For commands that watch pods. */
export function connectLive(options: ClusterOptions): LiveCluster {
  const config = loadConfig(options);
  const namespace = options.namespace ?? config.namespace();
  return {
    client: new KubeClient(config),
    namespace,
    explain: (thrown) =>
      thrown instanceof KubeError
        ? explainKubeError(thrown, config, missing('pods', namespace))
        : thrown,
    close: () => config.close(),
  };
}

export function loadConfig({
  kubeconfig,
  context,
}: Omit<ClusterOptions, 'namespace'>): PooledKubeConfig {
  const config = new PooledKubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (thrown) {
    throw new CommandFailure(
      'FILE_UNREADABLE',
      `the kubeconfig cannot be read: ${describeThrown(thrown).split('\n')[0]}`,
      'name another one with --kubeconfig or KUBECONFIG',
    );
  }
  // What the library makes up where it finds nothing.
  if (config.getCurrentCluster()?.server === 'http://localhost:8080')
    throw new CommandFailure(
      'CLUSTER_UNREACHABLE',
      'there is no kubeconfig, so no cluster is known',
      'name one with --kubeconfig or KUBECONFIG',
    );
  if (context === undefined) return checked(config);
  const names = config.getContexts().map(({ name }) => name);
  if (!names.includes(context))
    throw new CommandFailure(
      'CLUSTER_UNREACHABLE',
      `the kubeconfig has no context ${context}`,
      names.length === 0 ? 'it has none at all' : `it has: ${names.join(', ')}`,
    );
  config.setCurrentContext(context);
  return checked(config);
}

/** A context that leads to no address is found here, and not by the first call. */
function checked(config: PooledKubeConfig): PooledKubeConfig {
  const context = config.getCurrentContext();
  const cluster = config.getCurrentCluster();
  const fault =
    cluster === null
      ? context
        ? `its context ${context} names no cluster`
        : 'it has no current context'
      : /^https?:$/.test(URL.parse(cluster.server)?.protocol ?? '')
        ? undefined
        : `the server of its cluster ${cluster.name} is ${cluster.server}, which is no http:// or https:// address`;
  if (fault === undefined) return config;
  throw new CommandFailure(
    'CLUSTER_UNREACHABLE',
    `the kubeconfig cannot be used: ${fault}`,
    'see `kubectl config view`; name another one with --kubeconfig or KUBECONFIG, or a context with --context',
  );
}

/** `rights`: what to ask for where something is forbidden. */
export function explainKubeError(
  error: KubeError,
  config: PooledKubeConfig,
  rights: string,
): CommandFailure {
  const server = config.getCurrentCluster()?.server ?? 'no address';
  const words = describeError(error);
  if (error.status === 0)
    return new CommandFailure(
      'CLUSTER_UNREACHABLE',
      `the cluster at ${server} does not answer: ${words}`,
      'try `kubectl version`; choose another cluster with --context or --kubeconfig',
    );
  if (error.status === 401)
    return new CommandFailure(
      'CLUSTER_REFUSED',
      `the cluster at ${server} does not know you: ${words}`,
      'log in again, or choose another user with --context',
    );
  if (error.status === 403)
    return new CommandFailure('CLUSTER_REFUSED', `you may not read that: ${words}`, rights);
  if (error.isNotFound)
    return new CommandFailure(
      'CLUSTER_REFUSED',
      `the cluster at ${server} has no SeldonDeployments: their definition is not installed`,
      'install it: helm install sidegraph charts/sidegraph',
    );
  return new CommandFailure('CLUSTER_REFUSED', words, 'try again; see the API server’s log');
}
