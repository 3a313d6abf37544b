// `sidegraph tap`: the requests of a running graph, one line each, as they end.
import type { Io } from '../../../lib/runtime/io.ts';
import { isWanted } from '../../../sidecar/live/page/words.ts';
import { followLive } from '../../live/follow.ts';
import { requireUnit } from '../../live/require-unit.ts';
import type { TapOptions } from './parse.ts';
import { renderRequest, TAP_HEADING } from './render-request.ts';

/** Returns after one state with `once`; otherwise it ends by a signal, or with a CommandFailure when the graph ends. */
export async function tap({ url, once, output, filter }: TapOptions, io: Io): Promise<number> {
  let isFirst = output === 'text';
  let isChecked = filter.unit === '';
  for await (const { requests, predictors } of followLive(url)) {
    if (!isChecked) requireUnit(filter.unit, predictors);
    isChecked = true;
    if (isFirst) io.out(TAP_HEADING);
    isFirst = false;
    for (const request of requests) {
      if (!isWanted(request, filter)) continue;
      io.out(output === 'json' ? `${JSON.stringify(request)}\n` : renderRequest(request));
    }
    if (once) return 0;
  }
  return 0;
}
