// A name that two files export costs every reader who searches for it a minute, so each exported name of the product has one meaning and
// one home. Rooms that are laid out alike for each protocol share names on purpose, and so do the few that are listed here.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What is shipped. */
const ROOMS = [
  'cli',
  'cluster',
  'dialects',
  'envoy',
  'extproc',
  'gateway',
  'graph',
  'lib',
  'operator',
  'proto',
  'sidecar',
];
/** The rooms of protocols: files of one name do the same for each, one over REST and one over gRPC. */
const PARALLEL = /^dialects\/(openai|seldon|tensorflow|v2)\//;
/** Exported in several files, with why. */
const SHARED: Readonly<Record<string, string>> = {
  text: 'a word of two little languages: schemas (graph/crd) and options of a command line (lib/runtime)',
};
const EXPORT =
  /^export (?:abstract )?(?:async )?(?:const|let|class|function\*?|interface|type) (\w+)/gm;

function exportedNames(source: string): ReadonlySet<string> {
  return new Set(Array.from(source.matchAll(EXPORT), ([, name = '']) => name));
}

/** Files by the name that they export, where there are several. */
function findTwice(sources: Iterable<readonly [path: string, source: string]>): string[] {
  const homes = new Map<string, string[]>();
  for (const [path, source] of sources)
    for (const name of exportedNames(source)) homes.set(name, [...(homes.get(name) ?? []), path]);
  return Array.from(homes)
    .filter(([, paths]) => paths.filter((path) => !PARALLEL.test(path)).length > 0)
    .filter(([, paths]) => paths.length > 1)
    .map(([name, paths]) => `${name}: ${paths.join(', ')}`);
}

test('no two files of the product export the same name', () => {
  const paths = execFileSync('git', ['ls-files', '--', ...ROOMS], { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((path) => path.endsWith('.ts'))
    .filter((path) => !/\.test\.ts$|\.bench\.ts$|\/testing\//.test(path));
  assert.ok(paths.length > 400);
  const found = findTwice(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
  const name = (line: string): string => line.slice(0, line.indexOf(':'));
  assert.deepEqual(
    found.filter((line) => !(name(line) in SHARED)),
    [],
  );
  const shared = new Set(found.map(name));
  assert.deepEqual(
    Object.keys(SHARED).filter((one) => !shared.has(one)),
    [],
    'listed, and exported once',
  );
});

test('a name is found in every form of an export, overloads once', () => {
  const source = [
    'export const A = 1;',
    'export interface B {}',
    'export async function c() {}',
    'export function d(a: string): void;',
    'export function d(a: number): void {}',
    'export type E = 1;',
    'export abstract class F {}',
    'const g = 1;',
    "export { h } from './h.ts';",
  ].join('\n');
  assert.deepEqual([...exportedNames(source)], ['A', 'B', 'c', 'd', 'E', 'F']);
});

test('rooms of protocols may share names among themselves, not with others', () => {
  const one = 'export const A = 1;';
  const rooms = ['dialects/v2/fields.ts', 'dialects/tensorflow/fields.ts'];
  const pairs = (paths: readonly string[]): [string, string][] => paths.map((path) => [path, one]);
  assert.deepEqual(findTwice(pairs(rooms)), []);
  assert.deepEqual(findTwice(pairs([...rooms, 'dialects/transcode/said.ts'])), [
    'A: dialects/v2/fields.ts, dialects/tensorflow/fields.ts, dialects/transcode/said.ts',
  ]);
});
