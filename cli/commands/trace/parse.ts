// The command line of `sidegraph trace` as data.
import * as flag from '../../../lib/runtime/options.ts';
import { isCluster, LIVE_FLAGS, type LiveOptions, placeOf } from '../../live/flags.ts';

export interface TraceOptions extends Omit<LiveOptions, 'once'> {
  /** A `Seldon-Puid` or the id of a trace; null for the newest request. */
  readonly id: string | null;
  readonly waitMs: number;
}

const { once: _, ...WHERE } = LIVE_FLAGS;
const FLAGS = { ...WHERE, wait: flag.whole(0, 86_400, 0) };

export function parseTrace(argv: readonly string[]): flag.CommandLine<TraceOptions> {
  return flag.readCommandLine(argv, FLAGS, ({ wait, output, ...where }, rest, fault) => {
    // In a cluster the first word is the deployment.
    const [name, words] = isCluster(where) ? [rest[0] ?? null, rest.slice(1)] : [null, rest];
    const [id, ...more] = words;
    if (more.length > 0) fault(`trace takes one id, not also ${more.join(' ')}`);
    return { place: placeOf(where, name, fault), output, id: id ?? null, waitMs: 1000 * wait };
  });
}
