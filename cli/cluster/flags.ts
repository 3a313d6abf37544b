// The flags of all commands that read a cluster.
import * as flag from '../../lib/runtime/options.ts';

export interface ClusterOptions {
  /** Null for that of the context. */
  readonly namespace: string | null;
  readonly context: string | null;
  readonly kubeconfig: string | null;
}

export const CLUSTER_FLAGS = {
  namespace: flag.short('n', flag.text()),
  context: flag.text(),
  kubeconfig: flag.text(),
};
