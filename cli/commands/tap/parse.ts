// The command line of `sidegraph tap` as data.
import * as flag from '../../../lib/runtime/options.ts';
import type { RequestFilter } from '../../../sidecar/live/page/words.ts';
import { LIVE_FLAGS, type LiveOptions, nameOf, placeOf } from '../../live/flags.ts';

export interface TapOptions extends LiveOptions {
  readonly filter: RequestFilter;
  /** Only captured requests, with their payloads. */
  readonly capture: boolean;
}

const FLAGS = {
  ...LIVE_FLAGS,
  status: flag.parsed<string>(parseStatus, ''),
  unit: flag.text(''),
  slow: flag.whole(0, 86_400_000, 0),
  capture: flag.toggle(),
};

export function parseTap(argv: readonly string[]): flag.CommandLine<TapOptions> {
  return flag.readCommandLine(argv, FLAGS, ({ once, output, ...values }, rest, fault) => {
    const { status, unit, slow, capture, ...where } = values;
    const place = placeOf(where, nameOf(rest, fault), fault);
    if (capture && place.kind === 'cluster')
      fault('--capture is of a run on this machine: it goes with no cluster');
    return { place, once, output, capture, filter: { status, unit, slowMs: slow } };
  });
}

function parseStatus(texts: readonly string[]): flag.Parsed<string> {
  const [text = ''] = texts;
  const isKnown = text === '' || /^([1-5](\d\d|xx)|grpc \d{1,2}|failed|gone)$/.test(text);
  return isKnown
    ? { kind: 'value', value: text }
    : { kind: 'wrong', message: `--status ${text} is none of 503, 5xx, "grpc 14", failed` };
}
