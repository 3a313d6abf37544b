// The command line of `sidegraph explain` as data.
import { type CommandLine, oneOf, readCommandLine, short } from '../../../lib/runtime/options.ts';
import { type Selection, SELECTION_FLAGS, takeFile } from '../selection.ts';

export interface ExplainOptions extends Selection {
  readonly output: 'tree' | 'mermaid' | 'json';
}

const FLAGS = {
  ...SELECTION_FLAGS,
  output: short('o', oneOf(['tree', 'mermaid', 'json'], 'tree')),
};

export function parseExplain(argv: readonly string[]): CommandLine<ExplainOptions> {
  return readCommandLine(argv, FLAGS, (values, rest, fault) => ({
    file: takeFile('explain', rest, fault),
    deployment: values.deployment,
    predictor: values.predictor,
    units: values.unit,
    output: values.output,
  }));
}
