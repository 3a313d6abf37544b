// `sidegraph tap`: the requests of a running graph, one line each, as they end.
import type { Io } from '../../../lib/runtime/io.ts';
import type { Capture } from '../../../sidecar/live/captured.ts';
import { isWanted } from '../../../sidecar/live/page/words.ts';
import { captureOff, fetchCapture, listCaptures } from '../../live/captures.ts';
import { followLive } from '../../live/follow.ts';
import { requireUnit } from '../../live/require-unit.ts';
import type { TapOptions } from './parse.ts';
import { renderCapture } from './render-capture.ts';
import { renderRequest, TAP_HEADING } from './render-request.ts';

/** Returns after one state with `once`; otherwise it ends by a signal, or with a CommandFailure when the graph ends. */
export async function tap(options: TapOptions, io: Io): Promise<number> {
  const { url, once, output, filter, capture } = options;
  if (capture && once) return await tapKept(options, io);
  let isFirst = output === 'text';
  let isChecked = filter.unit === '';
  for await (const { requests, predictors, captures } of followLive(url)) {
    if (!isChecked) requireUnit(filter.unit, predictors);
    isChecked = true;
    if (capture && captures === null) throw captureOff(url);
    if (isFirst) io.out(TAP_HEADING);
    isFirst = false;
    for (const request of requests) {
      if (!isWanted(request, filter)) continue;
      if (!capture) {
        io.out(output === 'json' ? `${JSON.stringify(request)}\n` : renderRequest(request));
        continue;
      }
      const found = request.capture === null ? null : await fetchCapture(url, request.capture);
      if (found !== null) await show(found, output, io);
    }
    if (once) return 0;
  }
  return 0;
}

/** All that are kept. */
async function tapKept({ url, output, filter }: TapOptions, io: Io): Promise<number> {
  if (output === 'text') io.out(TAP_HEADING);
  for (const capture of await listCaptures(url))
    if (isWanted(capture.request, filter)) await show(capture, output, io);
  return 0;
}

async function show(capture: Capture, output: 'text' | 'json', io: Io): Promise<void> {
  if (output === 'json') io.out(`${JSON.stringify(capture)}\n`);
  else io.out(renderRequest(capture.request) + (await renderCapture(capture)));
}
