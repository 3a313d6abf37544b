// `sidegraph trace`: one request of a running graph as a tree.
import { CommandFailure } from '../../../lib/runtime/failure.ts';
import type { Io } from '../../../lib/runtime/io.ts';
import type { LiveRequest } from '../../../sidecar/live/requests.ts';
import { walkTree } from '../../../sidecar/live/walk-tree.ts';
import { isComplete, shownStates } from '../../live/shown-states.ts';
import type { TraceOptions } from './parse.ts';
import { renderTrace } from './render-trace.ts';

/** Returns 0 when the request was found; throws a CommandFailure otherwise. */
export async function trace({ place, output, id, waitMs }: TraceOptions, io: Io): Promise<number> {
  const until = performance.now() + waitMs;
  let seen = 0;
  for await (const state of shownStates(place, 'requests', false, io)) {
    const { requests, predictors } = state;
    seen += requests.length;
    const found = requests.findLast((request) => id === undefined || isNamed(request, id));
    if (found !== undefined) {
      const units = predictors.find(({ name }) => name === found.predictor)?.units ?? [];
      const tree = walkTree(found, units);
      if (output === 'json') io.out(`${JSON.stringify({ request: found, units: tree })}\n`);
      else io.out(renderTrace(found, tree));
      return 0;
    }
    if (performance.now() >= until && isComplete(state)) break;
  }
  throw new CommandFailure(
    'REQUEST_UNKNOWN',
    id === undefined ? 'no request was noted' : `none of the last ${seen} requests is ${id}`,
    'requests are noted while somebody looks: keep the live page open, or begin with --wait SECONDS and send the request then',
  );
}

function isNamed({ puid, traceId }: LiveRequest, id: string): boolean {
  return puid === id || (traceId !== '' && traceId === id.toLowerCase());
}
