// `sidegraph tap`: the requests of a running graph, one line each, as they end.
import type { Io } from '../../../lib/runtime/io.ts';
import type { Capture } from '../../../sidecar/live/captured.ts';
import { isWanted } from '../../../sidecar/live/page/words.ts';
import { captureOff, fetchCapture, listCaptures } from '../../live/captures.ts';
import { requireUnit } from '../../live/require-unit.ts';
import { shownStates } from '../../live/shown-states.ts';
import type { TapOptions } from './parse.ts';
import { renderCapture } from './render-capture.ts';
import { renderRequest, tapHeading } from './render-request.ts';

/** Returns after one state with `once`; otherwise it ends by a signal, or with a CommandFailure when the graph ends. */
export async function tap(options: TapOptions, io: Io): Promise<number> {
  const { place, once, output, filter, capture } = options;
  // Payloads are captured by runs on this machine alone.
  const captures = capture && place.kind === 'run' ? place.url : undefined;
  if (captures !== undefined && once) return await tapKept(captures, options, io);
  let isFirst = output === 'text';
  let isChecked = filter.unit === '';
  for await (const state of shownStates(place, 'requests', once, io)) {
    const { requests, predictors } = state;
    if (!isChecked) requireUnit(filter.unit, predictors);
    isChecked = true;
    if (captures !== undefined && state.captures === null) throw captureOff(captures);
    if (isFirst) io.out(tapHeading(place.kind));
    isFirst = false;
    for (const request of requests) {
      if (!isWanted(request, filter)) continue;
      if (captures === undefined) {
        io.out(output === 'json' ? `${JSON.stringify(request)}\n` : renderRequest(request));
        continue;
      }
      const found =
        request.capture === null ? undefined : await fetchCapture(captures, request.capture);
      if (found !== undefined) await show(found, output, io);
    }
    if (once) return 0;
  }
  return 0;
}

/** All that are kept. */
async function tapKept(url: string, { output, filter }: TapOptions, io: Io): Promise<number> {
  if (output === 'text') io.out(tapHeading('run'));
  for (const capture of await listCaptures(url))
    if (isWanted(capture.request, filter)) await show(capture, output, io);
  return 0;
}

async function show(capture: Capture, output: 'text' | 'json', io: Io): Promise<void> {
  if (output === 'json') io.out(`${JSON.stringify(capture)}\n`);
  else io.out(renderRequest(capture.request) + (await renderCapture(capture)));
}
