// One request as a line for the terminal. What clients chose (paths, ids) must not steer it.
import type { LiveRequest } from '../../../sidecar/live/requests.ts';
import { plain } from '../../live/plain.ts';
import { millis, statusWords, wayWords } from '../../../sidecar/live/page/words.ts';

/** In a cluster a request is one of a pod. */
export function tapHeading(place: 'run' | 'cluster'): string {
  const whose = place === 'run' ? 'PREDICTOR' : 'POD';
  return line('TIME', 'STATUS', 'MS', 'LAST CALL', 'WAY', `${whose}, PATH, PUID`);
}

/** Ends with a line break. */
export function renderRequest(request: LiveRequest): string {
  const { time, ms, unit, unitMs, pod, predictor, path, puid, error } = request;
  const what = [pod || predictor, path, puid, error].filter((word) => word !== '').join('  ');
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
