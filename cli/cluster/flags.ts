// The flags of all commands that read a cluster.
import * as flag from '../../lib/runtime/options.ts';

export interface ClusterOptions {
  /** Undefined for that of the context. */
  readonly namespace: string | undefined;
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
}

export const CLUSTER_FLAGS = {
  namespace: flag.short('n', flag.text()),
  context: flag.text(),
  kubeconfig: flag.text(),
};
