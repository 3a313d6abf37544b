// Writes the Grafana boards and alert rules of the chart from dashboards/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderFiles } from '../dashboards/boards.ts';

const CHART = fileURLToPath(new URL('../charts/sidegraph/', import.meta.url));

for (const [path, text] of renderFiles()) {
  const file = join(CHART, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  process.stderr.write(`charts/sidegraph/${path} is written\n`);
}
