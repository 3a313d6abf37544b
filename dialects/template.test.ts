import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTemplate, patternOf, readTemplate } from './template.ts';

const INFER = '/v2/models/{model}/infer';
const PREDICT = '/v1/models/{model}/versions/{version}:predict';

test('a template is read as its pattern reads it', () => {
  for (const [template, path, holes] of [
    [INFER, '/v2/models/a/infer', ['a']],
    [INFER, '/v2/models/a%2Fb/infer', ['a%2Fb']],
    [INFER, '/v2/models/a/b/infer', undefined],
    [INFER, '/v2/models//infer', undefined],
    [INFER, '/v2/models/infer', undefined],
    [INFER, '/v2/models/a/infer/', undefined],
    [PREDICT, '/v1/models/a.b/versions/12:predict', ['a.b', '12']],
    [PREDICT, '/v1/models/a:b/versions/1:2:predict', ['a:b', '1:2']],
    [PREDICT, '/v1/models/a/versions/:predict', undefined],
    [PREDICT, '/v1/models/a/versions/12:classify', undefined],
    ['/a.b/{x}', '/axb/c', undefined],
  ] as const) {
    assert.deepEqual(readTemplate(template, path), holes, path);
    const found = new RegExp(`^${patternOf(template)}$`).exec(path);
    assert.deepEqual(found?.slice(1), holes, path);
  }
});

test('a path without holes is no template', () => {
  assert.equal(isTemplate('/v2/models/infer'), false);
  assert.equal(isTemplate(INFER), true);
});
