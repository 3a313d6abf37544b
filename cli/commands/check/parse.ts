// The command line of `sidegraph check` as data.
import { type CommandLine, oneOf, readCommandLine, short } from '../../../lib/runtime/options.ts';

export interface CheckOptions {
  /** Files, directories, or `-` for standard input. */
  readonly files: readonly string[];
  readonly output: 'text' | 'json';
}

const FLAGS = { output: short('o', oneOf(['text', 'json'], 'text')) };

export function parseCheck(argv: readonly string[]): CommandLine<CheckOptions> {
  return readCommandLine(argv, FLAGS, ({ output }, files, fault) => {
    if (files.length === 0) fault('check needs at least one file, directory or -');
    return { files, output };
  });
}
