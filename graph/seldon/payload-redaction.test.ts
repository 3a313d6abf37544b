import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeAnnotations } from './annotations.ts';
import { loadDeployments } from './load-deployments.ts';
import { readRedactions, REDACT_ANNOTATION } from './payload-redaction.ts';

test('paths are for all units, or for the one that is named before them', () => {
  assert.deepEqual(
    readRedactions('jsonData.user.email, model=data.names,**.token , a="x,y=z\\"".b'),
    {
      redactions: [
        { unit: undefined, path: 'jsonData.user.email' },
        { unit: 'model', path: 'data.names' },
        { unit: undefined, path: '**.token' },
        { unit: 'a', path: '"x,y=z\\"".b' },
      ],
      faults: [],
    },
  );
});

test('what one place leaves out no nearer one brings back', () => {
  const merged = mergeAnnotations(
    { [REDACT_ANNOTATION]: 'a', x: '1' },
    { [REDACT_ANNOTATION]: 'b', x: '2' },
  );
  assert.deepEqual(merged, { [REDACT_ANNOTATION]: 'a, b', x: '2' });
  assert.deepEqual(mergeAnnotations({ [REDACT_ANNOTATION]: 'a' }, {}), {
    [REDACT_ANNOTATION]: 'a',
  });
});

function told(texts: { readonly metadata?: string; readonly predictor?: string }): string[] {
  const annotations = (text: string | undefined): object =>
    text === undefined ? {} : { annotations: { [REDACT_ANNOTATION]: text } };
  const predictor = (name: string, text?: string): object => ({
    name,
    traffic: 50,
    ...annotations(text),
    graph: {
      name: `${name}-model`,
      type: 'MODEL',
      endpoint: { service_host: 'h', httpPort: 9000 },
    },
  });
  const manifest = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'd', ...annotations(texts.metadata) },
    spec: { predictors: [predictor('a', texts.predictor), predictor('b')] },
  };
  const { findings } = loadDeployments(JSON.stringify(manifest), { source: 'test' });
  return findings.map(
    ({ code, path, message, advice }) => `${code} ${path}: ${message}: ${advice}`,
  );
}

test('every path that is none is told, with its place', () => {
  assert.deepEqual(told({ metadata: 'a.b, b-model=c' }), []);
  assert.deepEqual(told({ metadata: 'a..b, $.c,ok,' }), [
    'ANNOTATION_VALUE metadata.annotations["sidegraph.io/payload-log-redact"]: sidegraph.io/payload-log-redact has "a..b": column 3 has no key: write keys with dots between, and a key with other characters in quotes: user."e mail"',
    'ANNOTATION_VALUE metadata.annotations["sidegraph.io/payload-log-redact"]: sidegraph.io/payload-log-redact has "$.c": it begins with $: begin with the first key of the body',
    'ANNOTATION_VALUE metadata.annotations["sidegraph.io/payload-log-redact"]: sidegraph.io/payload-log-redact has "": it is empty: write a path, such as user.email',
  ]);
  assert.match(
    told({ metadata: 'a=b=c' })[0] ?? '',
    /has "a=b=c": it has = twice: write UNIT=PATH/,
  );
  assert.match(
    told({ metadata: Array(65).fill('a').join(',') })[0] ?? '',
    /has 65 paths: write at most 64/,
  );
});

test('a unit that is named is one of the predictors that the annotation is for', () => {
  assert.match(
    told({ predictor: 'b-model=c' })[0] ?? '',
    /^ANNOTATION_VALUE spec.predictors\[0\].annotations\["sidegraph.io\/payload-log-redact"\]: .* names "b-model", which is no unit: name units of the graph$/,
  );
  assert.deepEqual(told({ predictor: 'a-model=c' }), []);
});
