// The command line of `sidegraph inject` as data.

export interface InjectOptions {
  /** Printed with their pods injected; `-` is standard input. */
  readonly files: readonly string[];
  /** Read for their SeldonDeployments alone. */
  readonly graphs: readonly string[];
  /** Of documents that name none; null for `default`. */
  readonly namespace: string | null;
  readonly envoyImage: string | null;
  readonly filterImage: string | null;
  readonly output: 'yaml' | 'json';
}
