// The command line of `sidegraph status` as data.
import {
  type CommandLine,
  oneOf,
  readCommandLine,
  short,
  toggle,
} from '../../../lib/runtime/options.ts';
import { CLUSTER_FLAGS, type ClusterOptions } from '../../cluster/flags.ts';

export interface StatusOptions extends ClusterOptions {
  /** One deployment; undefined for all. */
  readonly name: string | undefined;
  readonly allNamespaces: boolean;
  readonly output: 'tree' | 'json';
}

const FLAGS = {
  ...CLUSTER_FLAGS,
  'all-namespaces': short('A', toggle()),
  output: short('o', oneOf(['tree', 'json'], 'tree')),
};

export function parseStatus(argv: readonly string[]): CommandLine<StatusOptions> {
  return readCommandLine(argv, FLAGS, (values, [name, ...more], fault) => {
    if (more.length > 0) fault(`status takes one name, not also ${more.join(' ')}`);
    const all = values['all-namespaces'];
    if (all && (name !== undefined || values.namespace !== undefined))
      fault('-A goes with neither a name nor -n');
    return {
      name,
      namespace: values.namespace,
      allNamespaces: all,
      context: values.context,
      kubeconfig: values.kubeconfig,
      output: values.output,
    };
  });
}
