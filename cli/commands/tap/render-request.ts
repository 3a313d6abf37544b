// One request as a line for the terminal. What clients chose (paths, ids) must not steer it.
import type { LiveRequest } from '../../../sidecar/live/requests.ts';
import { plain } from '../../live/plain.ts';
import { millis, statusWords, wayWords } from '../../../sidecar/live/page/words.ts';

export const TAP_HEADING = line(
  'TIME',
  'STATUS',
  'MS',
  'LAST CALL',
  'WAY',
  'PREDICTOR, PATH, PUID',
);

/** Ends with a line break. */
export function renderRequest(request: LiveRequest): string {
  const { time, ms, unit, unitMs, predictor, path, puid, error } = request;
  const what = [predictor, path, puid, error].filter((word) => word !== '').join('  ');
  return line(
    time.slice(11, 23),
    statusWords(request),
    millis(ms),
    unit === '' ? '–' : `${unit} ${millis(unitMs)}`,
    wayWords(request) || '–',
    what,
  );
}

function line(...cells: readonly string[]): string {
  const widths = [12, 7, 6, 18, 14, 0];
  const text = cells.map((cell, at) => plain(cell).padEnd(widths[at] ?? 0)).join('  ');
  return `${text.trimEnd()}\n`;
}
