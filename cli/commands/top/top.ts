// `sidegraph top`: the state of a running graph, or of a namespace's deployments, as a table, each second anew.
import type { Io } from '../../../lib/runtime/io.ts';
import { shownNamespace, shownStates } from '../../live/shown-states.ts';
import type { TopOptions } from './parse.ts';
import { renderNamespace } from './render-namespace.ts';
import { renderTop } from './render-top.ts';

const CLEAR = '\x1b[H\x1b[J';

/** Returns after one state with `once`; otherwise it ends by a signal, or with a CommandFailure when the graph ends. */
export async function top(options: TopOptions, io: Io): Promise<number> {
  const { once, output } = options;
  const show = (state: object, render: () => string): void => {
    if (output === 'json') io.out(`${JSON.stringify({ ...state, requests: undefined })}\n`);
    else if (once) io.out(render());
    else io.out(io.outIsTty ? `${CLEAR}${render()}` : `${render()}\n`);
  };
  if (options.kind === 'namespace') {
    for await (const state of shownNamespace(options.cluster, once, io)) {
      show(state, () => renderNamespace(state));
      if (once) return 0;
    }
    return 0;
  }
  for await (const state of shownStates(options.place, 'counters', once, io)) {
    show(state, () => renderTop(state));
    if (once) return 0;
  }
  return 0;
}
