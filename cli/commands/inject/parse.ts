// The command line of `sidegraph inject` as data.
import {
  type CommandLine,
  oneOf,
  readCommandLine,
  short,
  text,
  texts,
} from '../../../lib/runtime/options.ts';

export interface InjectOptions {
  /** Printed with their pods injected; `-` is standard input. */
  readonly files: readonly string[];
  /** Read for their SeldonDeployments alone. */
  readonly graphs: readonly string[];
  /** Of documents that name none; undefined for `default`. */
  readonly namespace: string | undefined;
  readonly envoyImage: string | undefined;
  readonly filterImage: string | undefined;
  readonly output: 'yaml' | 'json';
}

const FLAGS = {
  filename: short('f', texts()),
  graph: texts(),
  namespace: short('n', text()),
  'envoy-image': text(),
  'filter-image': text(),
  output: short('o', oneOf(['yaml', 'json'], 'yaml')),
};

export function parseInject(argv: readonly string[]): CommandLine<InjectOptions> {
  return readCommandLine(argv, FLAGS, (values, rest, fault) => {
    const files = [...values.filename, ...rest];
    if (files.length === 0) fault('inject needs a file: -f pod.yaml, or -f - for standard input');
    return {
      files,
      graphs: values.graph,
      namespace: values.namespace,
      envoyImage: values['envoy-image'],
      filterImage: values['filter-image'],
      output: values.output,
    };
  });
}
