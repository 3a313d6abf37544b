// The command line of `sidegraph replay` as data.
import * as flag from '../../../lib/runtime/options.ts';
import { MAX_CAPTURES } from '../../../sidecar/live/capture/limits.ts';
import { LIVE_FLAGS, type LiveOptions } from '../../live/flags.ts';
import { DEFAULT_LIVE_URL } from '../../live/follow.ts';

export interface ReplayOptions extends Pick<LiveOptions, 'output'> {
  /** `http://HOST:PORT` */
  readonly url: string;
  /** `Seldon-Puid` of a captured request; undefined for any. */
  readonly puid: string | undefined;
  /** How many of the newest; undefined where that is not said. */
  readonly last: number | undefined;
  readonly file: string | undefined;
  /** File of the graph that they are sent to; undefined for the run that captured them. */
  readonly against: string | undefined;
  /** Further arguments of its run. */
  readonly runArguments: readonly string[];
  readonly tolerance: number;
}

const FLAGS = {
  url: LIVE_FLAGS.url,
  output: LIVE_FLAGS.output,
  last: flag.whole(1, MAX_CAPTURES, undefined),
  file: flag.text(),
  against: flag.text(),
  tolerance: flag.parsed<number>(parseTolerance, 0),
};

export function parseReplay(argv: readonly string[]): flag.CommandLine<ReplayOptions> {
  const end = argv.indexOf('--');
  const own = end < 0 ? argv : argv.slice(0, end);
  const runArguments = end < 0 ? [] : argv.slice(end + 1);
  return flag.readCommandLine(own, FLAGS, (values, [puid, ...more], fault) => {
    if (more.length > 0) fault(`replay takes one id, not also ${more.join(' ')}`);
    if (puid !== undefined && values.last !== undefined)
      fault('replay takes an id or --last, not both');
    if (runArguments.length > 0 && values.against === undefined)
      fault('what follows -- is for the run that --against starts');
    const url = values.url ?? DEFAULT_LIVE_URL;
    return { ...values, url, puid, runArguments };
  });
}

function parseTolerance(texts: readonly string[]): flag.Parsed<number> {
  const [text = '0'] = texts;
  const value = Number(text);
  return text.trim() !== '' && value >= 0 && value <= 1
    ? { kind: 'value', value }
    : { kind: 'wrong', message: `--tolerance ${text} is not a number from 0 to 1` };
}
