import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { compareGolden, isUpdating, readCases } from './golden.ts';

const UPDATE = 'SIDEGRAPH_UPDATE_GOLDENS';

describe('a golden', () => {
  const before = process.env[UPDATE];
  let dir = '';
  let file = '';

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'golden-'));
    file = join(dir, 'chain.out.json');
    writeFileSync(file, 'one\ntwo\nthree\n');
    delete process.env[UPDATE];
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
    if (before === undefined) delete process.env[UPDATE];
    else process.env[UPDATE] = before;
  });

  test('passes a text that it holds', () => {
    compareGolden(file, 'one\ntwo\nthree\n');
  });

  test('shows the first line that differs, and how to write it anew', () => {
    assert.throws(() => compareGolden(file, 'one\n2\nthree\n'), {
      message: /differs from line 2 on .*\n {2}one\n- two\n- three\n- \n\+ 2\n[^]*GOLDENS=chain /,
    });
  });

  test('shows what was added at the end, or is missing there', () => {
    assert.throws(() => compareGolden(file, 'one\ntwo\nthree\nfour\n'), /\n- \n\+ four\n/);
    assert.throws(() => compareGolden(file, 'one\ntwo\n'), /\n- three\n- \n\+ \n/);
  });

  test('that is absent holds the empty text, and no other', () => {
    const absent = join(dir, 'absent.err.txt');
    compareGolden(absent, '');
    assert.throws(() => compareGolden(absent, 'something'), /differs from line 1 /);
  });

  test('is written anew where all are', () => {
    process.env[UPDATE] = '1';
    compareGolden(file, 'other\n');
    assert.equal(readFileSync(file, 'utf8'), 'other\n');
  });

  test('is written anew where its case is named, and goes when nothing is left to hold', () => {
    process.env[UPDATE] = 'router,chain';
    compareGolden(file, 'other\n');
    assert.equal(readFileSync(file, 'utf8'), 'other\n');
    compareGolden(file, '');
    assert.deepEqual(readdirSync(dir), []);
  });

  test('stays as it is where another case is named', () => {
    process.env[UPDATE] = 'cha,chains';
    assert.equal(isUpdating('chain'), false);
    assert.throws(() => compareGolden(file, 'other\n'));
    assert.equal(readFileSync(file, 'utf8'), 'one\ntwo\nthree\n');
  });

  test('has its case in the folder: cases are found by the ending of their inputs', () => {
    writeFileSync(join(dir, 'b.in.yaml'), 'b: 1\n');
    writeFileSync(join(dir, 'a.in.yaml'), 'a: 1\n');
    assert.deepEqual(readCases(dir), [
      { name: 'a', file: join(dir, 'a.in.yaml'), text: 'a: 1\n' },
      { name: 'b', file: join(dir, 'b.in.yaml'), text: 'b: 1\n' },
    ]);
  });
});
