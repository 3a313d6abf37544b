// The command line of `sidegraph status` as data.
import {
  type CommandLine,
  oneOf,
  readCommandLine,
  short,
  text,
  toggle,
} from '../../../lib/runtime/options.ts';

export interface StatusOptions {
  /** One deployment; null for all. */
  readonly name: string | null;
  /** Null for that of the context. */
  readonly namespace: string | null;
  readonly allNamespaces: boolean;
  readonly context: string | null;
  readonly kubeconfig: string | null;
  readonly output: 'tree' | 'json';
}

const FLAGS = {
  namespace: short('n', text()),
  'all-namespaces': short('A', toggle()),
  context: text(),
  kubeconfig: text(),
  output: short('o', oneOf(['tree', 'json'], 'tree')),
};

export function parseStatus(argv: readonly string[]): CommandLine<StatusOptions> {
  return readCommandLine(argv, FLAGS, (values, [name, ...more], fault) => {
    if (more.length > 0) fault(`status takes one name, not also ${more.join(' ')}`);
    const all = values['all-namespaces'];
    if (all && (name !== undefined || values.namespace !== null))
      fault('-A goes with neither a name nor -n');
    return {
      name: name ?? null,
      namespace: values.namespace,
      allNamespaces: all,
      context: values.context,
      kubeconfig: values.kubeconfig,
      output: values.output,
    };
  });
}
