// `sidegraph status`: what is served in a cluster, as its objects and pods say it. It reads only.
import { KubeClient } from '../../../lib/kube/client.ts';
import { PooledKubeConfig } from '../../../lib/kube/config.ts';
import { describeError, KubeError } from '../../../lib/kube/error.ts';
import { CommandFailure } from '../../../lib/runtime/failure.ts';
import { describeThrown } from '../../../lib/runtime/thrown.ts';
import type { Io } from '../../../lib/runtime/io.ts';
import { createPaint } from '../../../lib/runtime/paint.ts';
import { observeDeployments } from './observe.ts';
import type { StatusOptions } from './parse.ts';
import { readState } from './read-state.ts';
import { renderTree } from './render-tree.ts';

/** Returns the exit code: 0 when all that was found is available and current. */
export async function status(options: StatusOptions, io: Io): Promise<number> {
  const config = loadConfig(options);
  const namespace = options.allNamespaces ? null : (options.namespace ?? config.namespace());
  try {
    const observed = await observeDeployments(new KubeClient(config), {
      namespace,
      name: options.name,
    });
    const states = observed.map(readState);
    if (options.name !== null && states.length === 0)
      throw new CommandFailure(
        'DEPLOYMENT_UNKNOWN',
        `namespace ${namespace} has no SeldonDeployment ${options.name}`,
        `see them with: sidegraph status -n ${namespace}`,
      );
    if (options.output === 'json') io.out(`${JSON.stringify(states, null, 2)}\n`);
    else if (states.length === 0)
      io.out(
        namespace === null
          ? 'the cluster has no SeldonDeployment\n'
          : `namespace ${namespace} has no SeldonDeployment\n`,
      );
    else io.out(renderTree(states, createPaint({ isTTY: io.outIsTty }, io.env)));
    const isWell = states.every(({ state, isCurrent }) => state === 'Available' && isCurrent);
    return isWell ? 0 : 1;
  } catch (thrown) {
    throw thrown instanceof KubeError ? explain(thrown, config) : thrown;
  } finally {
    await config.close();
  }
}

function loadConfig({ kubeconfig, context }: StatusOptions): PooledKubeConfig {
  const config = new PooledKubeConfig();
  try {
    if (kubeconfig === null) config.loadFromDefault();
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
  if (context === null) return config;
  const names = config.getContexts().map(({ name }) => name);
  if (!names.includes(context))
    throw new CommandFailure(
      'CLUSTER_UNREACHABLE',
      `the kubeconfig has no context ${context}`,
      names.length === 0 ? 'it has none at all' : `it has: ${names.join(', ')}`,
    );
  config.setCurrentContext(context);
  return config;
}

/** What a failed call means for who typed the command. */
function explain(error: KubeError, config: PooledKubeConfig): CommandFailure {
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
    return new CommandFailure(
      'CLUSTER_REFUSED',
      `you may not read that: ${words}`,
      'ask for the rights to get and list seldondeployments and pods, or name a namespace of yours with -n',
    );
  if (error.isNotFound)
    return new CommandFailure(
      'CLUSTER_REFUSED',
      `the cluster at ${server} has no SeldonDeployments: their definition is not installed`,
      'install it: helm install sidegraph charts/sidegraph',
    );
  return new CommandFailure('CLUSTER_REFUSED', words, 'try again; see the API server’s log');
}
