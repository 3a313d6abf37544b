// `sidegraph top`: the state of a running graph as a table, each second anew.
import type { Io } from '../../../lib/runtime/io.ts';
import type { LiveOptions } from '../../live/flags.ts';
import { followLive } from '../../live/follow.ts';
import { renderTop } from './render-top.ts';

const CLEAR = '\x1b[H\x1b[J';

/** Returns after one state with `once`; otherwise it ends by a signal, or with a CommandFailure when the graph ends. */
export async function top({ url, once, output }: LiveOptions, io: Io): Promise<number> {
  for await (const state of followLive(url, 'counters')) {
    if (output === 'json') io.out(`${JSON.stringify({ ...state, requests: undefined })}\n`);
    else if (once) io.out(renderTop(state));
    else io.out(io.outIsTty ? `${CLEAR}${renderTop(state)}` : `${renderTop(state)}\n`);
    if (once) return 0;
  }
  return 0;
}
