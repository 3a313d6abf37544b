import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { BOARDS } from '../boards.ts';
import { panel, type Board } from '../panel.ts';
import { readBoard } from './board.ts';
import { picturePath, renderPicture } from './render.ts';
import { axisUnit } from './units.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MOST_BYTES = 150_000;

for (const board of BOARDS.map(readBoard))
  for (const theme of ['light', 'dark'] as const)
    test(`the ${theme} picture of ${board.title} shows the panels that the board has`, () => {
      const path = picturePath(board.uid, theme);
      const picture = readFileSync(ROOT + path, 'utf8');
      assert.deepEqual(
        [...picture.matchAll(/data-panel='(\w+)'/g)].map(([, fingerprint]) => fingerprint),
        board.panels.map(({ fingerprint }) => fingerprint),
        `${path} was drawn of another board: run \`make board-pictures\``,
      );
      assert.ok(statSync(ROOT + path).size < MOST_BYTES, path);
      assert.doesNotMatch(picture, /href|url\(|<script|<image/, 'it loads nothing');
    });

const BOARD: Board = {
  uid: 'sidegraph-test',
  title: 'A & B',
  description: '',
  variables: [{ name: 'deployment', query: 'label_values(m, deployment)' }],
  rows: [
    {
      title: 'Row',
      panels: [
        panel('graph', 'Latency < 1 s', '', 's', {
          '{{unit}} p50': 'm{deployment=~"$deployment"}[$__rate_interval]',
        }),
        panel('graph', 'Nothing', '', 'short', { none: 'none' }),
      ],
    },
  ],
};
const RANGE = { startS: 1_800_000_000, endS: 1_800_000_020, stepS: 5 };

describe('a picture', () => {
  const board = readBoard(BOARD);
  const [row, latency, nothing] = board.panels;

  test('is made of the places and queries of the JSON, with the variables filled in', () => {
    assert.deepEqual(row?.place, { x: 0, y: 0, w: 24, h: 1 });
    assert.deepEqual(latency?.place, { x: 0, y: 1, w: 8, h: 8 });
    assert.deepEqual(nothing?.place, { x: 8, y: 1, w: 8, h: 8 });
    assert.deepEqual(latency?.queries, [
      { expr: 'm{deployment=~".*"}[$__rate_interval]', legend: '{{unit}} p50' },
    ]);
  });

  test('has axes in the unit of the panel, a line with its gaps, legends with labels, and escaped text', () => {
    assert.ok(latency !== undefined);
    const answer = [
      {
        labels: { unit: 'a<b' },
        // Nothing at the third time, and 0 divided by 0 at the last.
        values: [
          [1_800_000_000, 0.1],
          [1_800_000_005, 0.2],
          [1_800_000_015, 0.4],
          [1_800_000_020, Number.NaN],
        ] as const,
      },
    ];
    const picture = renderPicture(board, new Map([[latency, [answer]]]), RANGE, 'light');
    const texts = [...picture.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    assert.deepEqual(
      texts.filter((text) => text?.endsWith(' ms')),
      ['0 ms', '100 ms', '200 ms', '300 ms', '400 ms'],
    );
    for (const text of ['A &amp; B', 'Row', 'Latency &lt; 1 s', 'a&lt;b p50', 'No data'])
      assert.ok(texts.includes(text), text);
    const [, line = ''] = /<path d='([^']*)' fill='none' stroke='#56a64b'/.exec(picture) ?? [];
    assert.match(line, /^M[\d.]+,[\d.]+L[\d.]+,[\d.]+M[\d.]+,[\d.]+Z$/);
  });

  test('has another fingerprint when a query changes', () => {
    const [before] = BOARD.rows;
    assert.ok(before !== undefined);
    const panels = [panel('graph', 'Latency < 1 s', '', 's', { '{{unit}} p50': 'other' })];
    const changed = readBoard({ ...BOARD, rows: [{ ...before, panels }] });
    assert.equal(changed.panels[0]?.fingerprint, row?.fingerprint);
    assert.notEqual(changed.panels[1]?.fingerprint, latency?.fingerprint);
  });
});

test('numbers are told in the step of their unit that fits the largest', () => {
  const told = (unit: string, largest: number): string => {
    const { divisor, suffix } = axisUnit(unit, largest);
    return `${Number((largest / divisor).toPrecision(3))}${suffix}`;
  };
  assert.deepEqual(
    [
      told('s', 0.00002),
      told('s', 0.25),
      told('s', 0),
      told('s', 90),
      told('bytes', 5 * 1024 ** 2),
      told('percentunit', 0.05),
      told('short', 1500),
      told('short', 0.5),
      told('reqps', 12),
    ],
    ['20 µs', '250 ms', '0 s', '1.5 min', '5 MiB', '5%', '1.5 K', '0.5', '12 req/s'],
  );
  assert.throws(() => axisUnit('furlongs', 1), /the unit furlongs is not known/);
});
