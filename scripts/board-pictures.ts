// `make board-pictures`: draws the boards of the docs. Runs what the boards are about for some minutes, asks a real Prometheus each board's
// own queries, and writes docs/images/board-*.svg; dashboards/pictures/pictures.test.ts fails while a board is not the one that was drawn.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BOARDS } from '../dashboards/boards.ts';
import { type DrawnPanel, readBoard } from '../dashboards/pictures/board.ts';
import { picturePath, renderPicture } from '../dashboards/pictures/render.ts';
import { startObserved } from '../e2e/control-plane/observed.ts';
import {
  type Prometheus,
  type Series,
  type TimeRange,
  whyNoPrometheus,
} from '../e2e/harness/prometheus.ts';
import { whyNoKube } from '../e2e/kube/apiserver.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MINUTES = Number(process.env['MINUTES'] ?? 7);
const SCRAPE_S = 5;
/** A point of each line in so many seconds: finer than the panels are wide is of no use. */
const STEP_S = 10;
/** As Grafana takes it: four scrapes. */
const RATE_INTERVAL = `${4 * SCRAPE_S}s`;

const missing = whyNoPrometheus() || whyNoKube();
if (missing !== false) {
  console.error(`the boards cannot be drawn: ${missing}`);
  process.exit(1);
}
console.log('starting two graphs, the gateway, the operator, the webhooks and Prometheus …');
const observed = await startObserved({ scrapeEvery: `${SCRAPE_S}s` });
try {
  console.log(`… they run for ${MINUTES} minutes`);
  const startS = Math.ceil(Date.now() / 1000 / STEP_S) * STEP_S + 2 * STEP_S;
  await observed.drive(MINUTES * 60_000);
  const endS = Math.floor(Date.now() / 1000 / STEP_S) * STEP_S;
  const range = { startS, endS, stepS: STEP_S };
  for (const board of BOARDS.map(readBoard)) {
    const answers = new Map<DrawnPanel, readonly (readonly Series[])[]>();
    for (const panel of board.panels)
      answers.set(panel, await answersOf(observed.prometheus, panel.queries, range));
    for (const theme of ['light', 'dark'] as const) {
      const path = picturePath(board.uid, theme);
      const picture = renderPicture(board, answers, range, theme);
      writeFileSync(ROOT + path, picture);
      console.log(`${path} is written (${Math.round(picture.length / 1024)} KiB)`);
    }
  }
} finally {
  await observed.stop();
}

function answersOf(
  prometheus: Prometheus,
  queries: readonly { readonly expr: string }[],
  range: TimeRange,
): Promise<(readonly Series[])[]> {
  return Promise.all(
    queries.map(({ expr }) =>
      prometheus.queryRange(expr.replaceAll('$__rate_interval', RATE_INTERVAL), range),
    ),
  );
}
