// One request's walk for the terminal: a line for the request, below it a row for each call, under the tree of units, with a bar that
// stands where its time was. What clients chose (paths, ids) must not steer the terminal.
import { renderTable } from '../../../lib/runtime/table.ts';
import type { LiveRequest } from '../../../sidecar/live/requests.ts';
import type { TreeCall, TreeUnit } from '../../../sidecar/live/walk-tree.ts';
import { millis, statusWords } from '../../../sidecar/live/page/words.ts';
import { plain } from '../../live/plain.ts';

const HEADING = ['UNIT', 'CALL', 'STATUS', 'AT MS', 'MS', 'TIME', 'SENT', 'BACK', ''];
/** Cells of a bar that takes the whole time. */
const BAR_CELLS = 24;

/** Ends with a line break. */
export function renderTrace(request: LiveRequest, tree: readonly TreeUnit[]): string {
  const { time, method, path, pod, predictor, puid, traceId, error, ms, bytesIn, bytesOut } =
    request;
  const head = [
    `${method} ${path}`,
    statusWords(request),
    `${millis(ms)} ms`,
    ...(error === '' ? [] : [error]),
    `${bytesIn} B in, ${bytesOut} B out`,
  ];
  const ids = [
    time,
    `predictor ${predictor}`,
    ...(pod === '' ? [] : [`pod ${pod}`]),
    ...(puid === '' ? [] : [`puid ${puid}`]),
    ...(traceId === '' ? [] : [`trace ${traceId}`]),
  ];
  const rows = tree.flatMap((unit) => unitRows(unit, ms));
  const table = rows.length === 0 ? 'no unit was called' : renderTable([HEADING, ...rows]);
  return `${plain(head.join('  '))}\n${plain(ids.join('  '))}\n\n${table}\n`;
}

/** A unit that made no call has a row all the same, so that the tree is whole. */
function unitRows(unit: TreeUnit, wholeMs: number): string[][] {
  const name = `${'  '.repeat(unit.depth)}${unit.unit}`;
  const rows = unit.calls.map((call, at) => [
    at === 0 ? name : '',
    call.verb,
    call.status === null ? 'gone' : String(call.status),
    millis(call.atMs),
    millis(call.ms),
    barOf(call, wholeMs),
    `${call.bytesOut} B`,
    `${call.bytesIn} B`,
    [at === unit.calls.length - 1 ? choiceWords(unit) : '', envoyWords(call)]
      .filter((word) => word !== '')
      .join(', '),
  ]);
  return rows.length > 0 ? rows : [[name, '', '', '', '', '', '', '', choiceWords(unit)]];
}

function choiceWords({ choice, chosen }: TreeUnit): string {
  switch (choice) {
    case null:
      return '';
    case -1:
      return 'chose all';
    case -2:
      return 'chose none';
    default:
      return `chose ${choice}${chosen === null ? '' : `: ${chosen}`}`;
  }
}

function envoyWords({ by, attempts }: TreeCall): string {
  if (by === 'filter') return '';
  return `Envoy's call${attempts > 1 ? `, ${attempts} attempts` : ''}`;
}

/** A call of no length still has a cell; one without an end has its beginning. */
function barOf({ atMs, ms }: TreeCall, wholeMs: number): string {
  if (atMs === null) return '';
  const cellOf = (when: number): number =>
    Math.min(BAR_CELLS, Math.max(0, Math.round((when / Math.max(wholeMs, 0.001)) * BAR_CELLS)));
  const from = Math.min(cellOf(atMs), BAR_CELLS - 1);
  const cells = Math.max(1, cellOf(atMs + (ms ?? 0)) - from);
  return `${'·'.repeat(from)}${'█'.repeat(cells)}${'·'.repeat(BAR_CELLS - from - cells)}`;
}
