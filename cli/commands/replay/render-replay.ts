// What came of one request that was sent again, for the terminal: a line for the request, a row for each call, and what differs. What
// clients and units wrote must not steer the terminal.
import { renderTable } from '../../../lib/runtime/table.ts';
import type { Capture } from '../../../sidecar/live/captured.ts';
import {
  type CallComparison,
  type Comparison,
  differenceWords,
} from '../../../sidecar/live/page/compare.ts';
import { millis, statusWords } from '../../../sidecar/live/page/words.ts';
import { plain } from '../../live/plain.ts';

export type ReplayResult =
  | {
      readonly kind: 'replayed';
      readonly before: Capture;
      readonly after: Capture;
      readonly comparison: Comparison;
    }
  | { readonly kind: 'failed'; readonly before: Capture; readonly reason: string };

const HEADING = ['UNIT', 'CALL', '', 'MS BEFORE', 'MS NOW'];
const STATE_WORDS: Readonly<Record<CallComparison['state'], string>> = {
  same: 'same',
  different: 'DIFFERENT',
  missing: 'NOT CALLED',
  added: 'NEW',
};

/** Ends with an empty line. */
export function renderReplay(result: ReplayResult): string {
  const { request, path } = result.before;
  const head = `${request.method} ${path}  ${statusWords(request)}  puid ${request.puid}`;
  if (result.kind === 'failed')
    return `${plain(head)}\n  not sent again: ${plain(result.reason)}\n\n`;
  const { after, comparison } = result;
  const rows = [...comparison.calls, comparison.response].map((call) => [
    plain(call.unit === '' ? 'response' : call.unit),
    plain(call.verb),
    STATE_WORDS[call.state],
    millis(call.msBefore),
    millis(call.msAfter),
  ]);
  const differences = [...comparison.calls, comparison.response].flatMap(differenceLines);
  return `${[
    plain(`${head}  sent again as ${after.request.puid}`),
    renderTable([HEADING, ...rows]),
    ...differences,
    comparison.isSame ? 'the same' : 'different',
  ].join('\n')}\n\n`;
}

function differenceLines(call: CallComparison): string[] {
  const { unit, verb, differences, more, isPartial } = call;
  const name = unit === '' ? 'response' : `${unit} ${verb}`;
  return [
    ...differences.map((difference) => plain(`  ${name}: ${differenceWords(difference)}`)),
    ...(more > 0 ? [plain(`  ${name}: ${more} differences more`)] : []),
    ...(isPartial ? [plain(`  ${name}: of a long body only the beginning was compared`)] : []),
  ];
}
