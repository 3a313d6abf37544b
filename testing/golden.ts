// The loop of all golden tests. A case of a folder is an input and the files that were found right for it; what is made of the
// input now must be what they hold. SIDEGRAPH_UPDATE_GOLDENS=1 writes the files anew, and a list of cases
// (SIDEGRAPH_UPDATE_GOLDENS=chain,router) those of these cases alone, so that a change can be read case by case.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { test } from 'node:test';

const VARIABLE = 'SIDEGRAPH_UPDATE_GOLDENS';
/** Lines that a failure shows: some that are the same, then those of either side. */
const SHOWN = { before: 3, after: 10 };

export interface GoldenCase {
  /** Of the file, without its ending. */
  readonly name: string;
  /** Path of the input. */
  readonly file: string;
  readonly text: string;
}

export interface Goldens<Ending extends string> {
  readonly dir: string;
  /** How the files of inputs end: `.in.yaml` where not given. */
  readonly input?: string;
  /** How the files of outputs end; each must belong to a case. */
  readonly outputs: readonly Ending[];
  readonly title: (name: string) => string;
  /** The text of each output, '' for a file that is not to be there. */
  readonly render: (
    input: GoldenCase,
  ) => Readonly<Record<Ending, string>> | Promise<Readonly<Record<Ending, string>>>;
}

/** The cases of a folder, by name. */
export function readCases(dir: string, input = '.in.yaml'): readonly GoldenCase[] {
  return readdirSync(dir)
    .filter((each) => each.endsWith(input))
    .sort()
    .map((each) => {
      const file = join(dir, each);
      return { name: each.slice(0, -input.length), file, text: readFileSync(file, 'utf8') };
    });
}

/** Defines a test for each case of a folder, and one that no output is left of a case that is gone. */
export function testGoldens<Ending extends string>(goldens: Goldens<Ending>): void {
  const { dir, outputs, title, render } = goldens;
  const cases = readCases(dir, goldens.input);
  for (const each of cases) {
    test(title(each.name), async () => {
      const texts = await render(each);
      const pathOf = (ending: Ending): string => join(dir, each.name + ending);
      // All are written before one is held against: an update is whole even when a later check fails.
      if (isUpdating(each.name)) for (const end of outputs) write(pathOf(end), texts[end]);
      for (const ending of outputs) compareGolden(pathOf(ending), texts[ending]);
    });
  }
  test(`each golden of ${relative('.', dir)} (${outputs.join(', ')}) belongs to a case`, () => {
    assert.ok(cases.length > 0, 'the folder has cases');
    const wanted = new Set(cases.flatMap(({ name }) => outputs.map((ending) => name + ending)));
    const found = readdirSync(dir).filter((file) => outputs.some((end) => file.endsWith(end)));
    const stray = found.filter((file) => !wanted.has(file));
    assert.deepEqual(stray, []);
  });
}

/** Holds a text against its file, whose name up to the first dot is that of the case. A file that is absent is the empty text. */
export function compareGolden(file: string, actual: string): void {
  const [name = ''] = basename(file).split('.');
  if (isUpdating(name)) write(file, actual);
  const golden = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (actual === golden) return;
  const advice = `Where what is there now is right, ${VARIABLE}=${name} with the same test writes it.`;
  assert.fail(`${describeDifference(relative('.', file), actual, golden)}\n${advice}`);
}

/** Whether goldens of this case are written anew. */
export function isUpdating(name: string): boolean {
  const wanted = process.env[VARIABLE] ?? '';
  return wanted === '1' || wanted.split(',').includes(name);
}

function write(file: string, text: string): void {
  if (text === '') rmSync(file, { force: true });
  else writeFileSync(file, text);
}

/** The first line that differs with its surroundings: such files have thousands of lines. */
export function describeDifference(file: string, actual: string, golden: string): string {
  const [now, then] = [actual.split('\n'), golden.split('\n')];
  const at = then.findIndex((line, index) => line !== now[index]);
  const first = at < 0 ? then.length : at;
  const lines = (mark: string, of: readonly string[], from: number, to: number): string[] =>
    of.slice(Math.max(0, from), to).map((line) => mark + line);
  return [
    `${file} differs from line ${first + 1} on (- in the file, + now)`,
    ...lines('  ', then, first - SHOWN.before, first),
    ...lines('- ', then, first, first + SHOWN.after),
    ...lines('+ ', now, first, first + SHOWN.after),
  ].join('\n');
}
