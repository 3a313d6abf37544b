// The command line of `sidegraph status` as data.

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
