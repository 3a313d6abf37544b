// The command line of `sidegraph trace` as data.
import * as flag from '../../../lib/runtime/options.ts';
import { isCluster, LIVE_FLAGS, type LiveOptions, placeOf } from '../../live/flags.ts';

export interface TraceOptions extends Omit<LiveOptions, 'once'> {
  /** A `Seldon-Puid` or the id of a trace; undefined for the newest request. */
  readonly id: string | undefined;
  readonly waitMs: number;
}

const { once: _, ...WHERE } = LIVE_FLAGS;
const FLAGS = { ...WHERE, wait: flag.whole(0, 86_400, 0) };

export function parseTrace(argv: readonly string[]): flag.CommandLine<TraceOptions> {
  return flag.readCommandLine(argv, FLAGS, ({ wait, output, ...where }, rest, fault) => {
    // In a cluster the first word is the deployment.
    const [name, words] = isCluster(where) ? [rest[0], rest.slice(1)] : [undefined, rest];
    const [id, ...more] = words;
    if (more.length > 0) fault(`trace takes one id, not also ${more.join(' ')}`);
    return { place: placeOf(where, name, fault), output, id, waitMs: 1000 * wait };
  });
}
