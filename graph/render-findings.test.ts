import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from './finding.ts';
import { renderFindings } from './render-findings.ts';

const FINDING: Finding = {
  severity: 'error',
  path: 'spec.predictors[0].name',
  code: 'NAME_INVALID',
  message: '"a\u001b[31m" is bad',
  advice: 'rename it',
  line: 7,
  source: 'a.yaml',
};

test('the table has one line a finding and counts them', () => {
  assert.equal(
    renderFindings([FINDING], { format: 'table' }),
    [
      'WHERE     SEVERITY  CODE          PATH                     WHAT, AND WHAT TO DO',
      'a.yaml:7  error     NAME_INVALID  spec.predictors[0].name  "a?[31m" is bad; rename it',
      '1 error, 0 warnings',
      '',
    ].join('\n'),
  );
});

test('the text has place and advice on lines of their own', () => {
  assert.equal(
    renderFindings([FINDING], { format: 'text' }),
    [
      'a.yaml:7 error NAME_INVALID: "a?[31m" is bad',
      '  at spec.predictors[0].name',
      '  -> rename it',
      '1 error, 0 warnings',
      '',
    ].join('\n'),
  );
});

test('JSON has all fields, and an empty list where there is nothing to tell', () => {
  assert.deepEqual(JSON.parse(renderFindings([FINDING], { format: 'json' })), [FINDING]);
  assert.equal(renderFindings([], { format: 'json' }), '[]\n');
  assert.equal(renderFindings([], { format: 'table' }), '');
});
