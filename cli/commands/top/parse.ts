// The command line of `sidegraph top` as data.
import { type CommandLine, readCommandLine, refuseRest } from '../../../lib/runtime/options.ts';
import { LIVE_FLAGS, type LiveOptions } from '../../live/flags.ts';

export function parseTop(argv: readonly string[]): CommandLine<LiveOptions> {
  return readCommandLine(argv, LIVE_FLAGS, (values, rest, fault) => {
    refuseRest(rest, fault);
    return values;
  });
}
