// `sidegraph status`: what is served in a cluster, as its objects and pods say it. It reads only.
import { KubeClient } from '../../../lib/kube/client.ts';
import { KubeError } from '../../../lib/kube/error.ts';
import { CommandFailure } from '../../../lib/runtime/failure.ts';
import type { Io } from '../../../lib/runtime/io.ts';
import { createPaint } from '../../../lib/runtime/paint.ts';
import { explainKubeError, loadConfig } from '../../cluster/connect.ts';
import { observeDeployments } from './observe.ts';
import type { StatusOptions } from './parse.ts';
import { readState } from './read-state.ts';
import { renderTree } from './render-tree.ts';

const RIGHTS =
  'ask for the rights to get and list seldondeployments and pods, or name a namespace of yours with -n';

/** Returns the exit code: 0 when all that was found is available and current. */
export async function status(options: StatusOptions, io: Io): Promise<number> {
  const config = loadConfig(options);
  const namespace = options.allNamespaces ? undefined : (options.namespace ?? config.namespace());
  try {
    const observed = await observeDeployments(new KubeClient(config), {
      namespace,
      name: options.name,
    });
    const states = observed.map(readState);
    if (options.name !== undefined && states.length === 0)
      throw new CommandFailure(
        'DEPLOYMENT_UNKNOWN',
        `namespace ${namespace} has no SeldonDeployment ${options.name}`,
        `see them with: sidegraph status -n ${namespace}`,
      );
    if (options.output === 'json') io.out(`${JSON.stringify(states, null, 2)}\n`);
    else if (states.length === 0)
      io.out(
        namespace === undefined
          ? 'the cluster has no SeldonDeployment\n'
          : `namespace ${namespace} has no SeldonDeployment\n`,
      );
    else io.out(renderTree(states, createPaint({ isTTY: io.outIsTty }, io.env)));
    const isWell = states.every(({ state, isCurrent }) => state === 'Available' && isCurrent);
    return isWell ? 0 : 1;
  } catch (thrown) {
    throw thrown instanceof KubeError ? explainKubeError(thrown, config, RIGHTS) : thrown;
  } finally {
    await config.close();
  }
}
