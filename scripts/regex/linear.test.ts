// Every regular expression of the program takes time in proportion to its text: none may be added that does not.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findRegExps } from './find-literals.ts';
import { findGrowth } from './judge-growth.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = [
  'lib',
  'graph',
  'dialects',
  'envoy',
  'extproc',
  'cluster',
  'sidecar',
  'gateway',
  'operator',
  'cli',
];

/** Files that make expressions of texts of their own, and why that is linear. */
const CONSTRUCTED: Readonly<Record<string, string>> = {
  'extproc/metrics/envoy-stats.ts': 'fixed words, no repetition',
  'gateway/process/request-metrics.ts':
    'fixed words, and values up to the quotes or blanks that end them',
  'gateway/process/drain.ts': 'a fixed word and digits after it',
  'gateway/config/read-annotations.ts': 'made to see whether it can be, never run',
};

function listFiles(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !/\.(test|bench)\.ts$/.test(file))
      .filter((file) => !/(^|\/)testing\//.test(file) && !file.includes('testdata/'))
      .map((file) => join(folder, file)),
  );
}

test('no regular expression of the program takes more than linear time', () => {
  const slow: string[] = [];
  let count = 0;
  for (const file of listFiles()) {
    const { literals, constructed } = findRegExps(readFileSync(join(ROOT, file), 'utf8'));
    count += literals.length;
    for (const { line, source, flags } of literals) {
      const growth = findGrowth(source, flags);
      if (growth !== undefined) slow.push(`${file}:${line} /${source}/${flags}: ${growth}`);
    }
    if (!Object.hasOwn(CONSTRUCTED, file))
      slow.push(...constructed.map((line) => `${file}:${line} is made at run time`));
  }
  assert.ok(count >= 60, `${count} found`);
  assert.deepEqual(slow, []);
});

test('what takes more than linear time is told from what does not', () => {
  for (const [source, flags] of [
    ['^\\d+\\.?\\d*$', ''],
    ['^[+-]?((\\d+\\.?\\d*|\\.\\d+)(e[+-]?\\d+)?|inf(inity)?|nan)$', 'i'],
    ['^(a+)+$', ''],
    ['^(a*)*b', ''],
    ['^(a|a)*$', ''],
    ['^(\\w+\\s?)*$', ''],
    ['-+$', ''],
    ['^-+|-+$', 'g'],
    ['\\s+$', ''],
    ['^\\s*\\w*\\s*\\d*x', ''],
    ['[\\w.-]+\\.ts:', ''],
    ['^.*,.*,.*;', ''],
    ['^([^.]+)?[^/]+/', ''],
    ['(?=a+b)a', ''],
    ['^(a+)\\1$', ''],
    ['^[a-zé]*[é中]*;', ''],
  ])
    assert.ok(findGrowth(source ?? '', flags ?? '') !== undefined, source);
  for (const [source, flags] of [
    ['^[+-]?((\\d+(\\.\\d*)?|\\.\\d+)(e[+-]?\\d+)?|inf(inity)?|nan)$', 'i'],
    ['^[a-z0-9]([a-z0-9-]*[a-z0-9])?$', ''],
    ['^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$', ''],
    ['^\\s*\\d{1,15}\\s*$', ''],
    ['\\s+', 'g'],
    ['\\p{Cc}', 'gu'],
    ['^([^/\\s]+)(?:/([^/\\s]+))?$', ''],
    ['^(---|\\.\\.\\.)', 'gm'],
    ['-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----', 'g'],
    ['VmRSS:\\s+(\\d+)', ''],
  ])
    assert.equal(findGrowth(source ?? '', flags ?? ''), undefined, source);
});

test('expressions are found among comments, strings, templates and divisions', () => {
  const text = [
    'const a = b / c / d; // no /comment/',
    "const e = '/no/' + `no /x/ ${f.replace(/yes1/g, `${1 / 2 / 3}`)} /no/`;",
    'if (/yes2[/]\\/x/i.test(e)) return /yes3/;',
    'x = (1) / 2 / 3; /* /no/ */ y = [/yes4/, new RegExp("z")];',
  ].join('\n');
  const { literals, constructed } = findRegExps(text);
  assert.deepEqual(
    literals.map(({ line, source, flags }) => `${line} ${source} ${flags}`),
    ['2 yes1 g', '3 yes2[/]\\/x i', '3 yes3 ', '4 yes4 '],
  );
  assert.deepEqual(constructed, [4]);
});
