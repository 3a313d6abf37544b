// All boards, and the files that they become.
import { dump } from 'js-yaml';
import { CONTROL_PLANE } from './control-plane.ts';
import { GRAPHS } from './graphs.ts';
import { LEARNING } from './learning.ts';
import { type Board, renderBoard } from './panel.ts';
import { renderRules } from './rules.ts';
import { SIDECARS } from './sidecars.ts';

export const BOARDS: readonly Board[] = [GRAPHS, SIDECARS, CONTROL_PLANE, LEARNING];

/** Path below the chart → text. */
export function renderFiles(): ReadonlyMap<string, string> {
  return new Map([
    ...BOARDS.map((board): [string, string] => [
      `dashboards/${board.uid}.json`,
      `${JSON.stringify(renderBoard(board), null, 1)}\n`,
    ]),
    [
      'rules/sidegraph.yaml',
      `# Generated from dashboards/rules.ts.\n${dump(renderRules(), { lineWidth: 160 })}`,
    ],
  ]);
}
