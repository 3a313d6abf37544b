// The command line of `sidegraph top` as data.
import { type CommandLine, readCommandLine } from '../../../lib/runtime/options.ts';
import type { ClusterOptions } from '../../cluster/flags.ts';
import { isCluster, LIVE_FLAGS, type LiveOptions, nameOf, placeOf } from '../../live/flags.ts';

export type TopOptions =
  | ({ readonly kind: 'graph' } & LiveOptions)
  /** All deployments of a namespace. */
  | ({ readonly kind: 'namespace'; readonly cluster: ClusterOptions } & Omit<LiveOptions, 'place'>);

export function parseTop(argv: readonly string[]): CommandLine<TopOptions> {
  return readCommandLine(
    argv,
    LIVE_FLAGS,
    ({ once, output, ...where }, rest, fault): TopOptions => {
      const name = nameOf(rest, fault);
      if (name === undefined && where.url === undefined && isCluster(where)) {
        const { namespace, context, kubeconfig } = where;
        const cluster = { namespace, context, kubeconfig };
        return { kind: 'namespace', cluster, once, output };
      }
      return { kind: 'graph', place: placeOf(where, name, fault), once, output };
    },
  );
}
