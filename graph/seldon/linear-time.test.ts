// Whatever the text, reading it takes time in proportion to its length: each kind of text that could make a parser, a
// regular expression or a check do more is tried at one length and at ten times that. The time is the processor's, as a busy machine
// stretches any other; caches that others empty still stretch it, so of several runs, by turns, the fastest of each length counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMs } from '../../testing/cpu-time.ts';
import { MANIFEST_LIMITS } from '../plan/limits.ts';
import { loadDeployments } from './load-deployments.ts';

const LENGTH = 20_000;
/** Ten times the text may take this many times as long: linear, with room for what grows out of a cache. */
const MAX_GROWTH = 40;
/** What is faster than this is not measured. */
const SLACK_MS = 150;
/** A pair of runs is tried so often at most. */
const MAX_RUNS = 4;

const HEAD = `apiVersion: machinelearning.seldon.io/v1
kind: SeldonDeployment
metadata: {name: a}
spec:
  predictors:
  - name: p
    graph: {name: m, type: MODEL, endpoint: {service_host: h, httpPort: 1}}
`;
/** A manifest whose unit has further fields. */
const withUnit = (fields: string): string =>
  HEAD.replace('httpPort: 1}', `httpPort: 1}, ${fields}`);
const withValue = (value: string): string => `${HEAD}  x: ${value}\n`;
const times = (count: number, make: (index: number) => string): string =>
  Array.from({ length: Math.floor(count) }, (_, index) => make(index)).join('');
const parameter = (type: string, value: string): string =>
  withUnit(`parameters: [{name: a, type: ${type}, value: "${value}"}]`);

const TEXTS: Readonly<Record<string, (length: number) => string>> = {
  'a number that ends wrong': (n) => parameter('FLOAT', `${'1'.repeat(n)}e`),
  'an integer that ends wrong': (n) => parameter('INT', `${'1'.repeat(n)}x`),
  'spaces before a truth value': (n) => parameter('BOOL', `${' '.repeat(n)}x`),
  'a ratio that ends wrong': (n) =>
    HEAD.replace(
      'type: MODEL',
      `implementation: RANDOM_ABTEST, parameters: [{name: ratioA, type: FLOAT, value: "${'1'.repeat(n)}e"}]`,
    ),
  'one number as the value of many parameters': (n) =>
    `y: &a "${'1'.repeat(n / 2)}e"\n${withUnit(`parameters: [${'{name: a, type: FLOAT, value: *a},'.repeat(n / 70)}]`)}`,
  'digits outside quotes': (n) => withValue(`1${'_'.repeat(n)}x`),
  'a number to the base 60': (n) => withValue(`1${':1'.repeat(n / 2)}`),
  'a long host': (n) => HEAD.replace('_host: h', `_host: ${'a.'.repeat(n / 2)}b`),
  'a host of colons': (n) => HEAD.replace('_host: h', `_host: "${':'.repeat(n)}"`),
  'an annotation of spaces': (n) =>
    `${HEAD}  annotations: {sidegraph.io/retries: "${' '.repeat(n)}x"}\n`,
  'a long name': (n) => HEAD.replace('name: a}', `name: ${'a-'.repeat(n / 2)}}`),
  'a long key over many values': (n) =>
    `${HEAD}  ${'k'.repeat(n / 2)}:\n${'  - a\n'.repeat(n / 12)}`,
  'many unknown fields': (n) => HEAD + times(n / 10, (index) => `  predictorz${index}: 1\n`),
  'one key again and again': (n) => HEAD + '  x: 1\n'.repeat(n / 7),
  'a flow list': (n) => withValue(`[${'a,'.repeat(n / 2)}]`),
  'pairs in a flow list': (n) => withValue(`[${'a: b,'.repeat(n / 5)}]`),
  'explicit keys in a flow list': (n) => withValue(`[${'? a,'.repeat(n / 4)}]`),
  'a flow list as a key, nested': (n) =>
    withValue(`${'['.repeat(40)}${'a,'.repeat(n / 2)}${']: 1'.repeat(40)}`),
  'properties on every level': (n) =>
    `&a ${'!!seq ['.repeat(60)}${'a,'.repeat(n / 2)}${']'.repeat(60)}\n`,
  'properties on lines of their own': (n) => `${'!!map\n&a\n'.repeat(n / 9)}${HEAD}`,
  'lists in lists': (n) => '- '.repeat(n / 2),
  'brackets without an end': (n) => '['.repeat(n),
  'many aliases': (n) => `${HEAD}  y: &a b\n  x: [${'*a,'.repeat(n / 3)}]\n`,
  'many aliases of a long text': (n) =>
    `${HEAD}  y: &a ${'b'.repeat(n / 2)}\n  x: [${'*a,'.repeat(n / 6)}]\n`,
  'a long alias as a key': (n) =>
    `${HEAD}  y: &a ${'b'.repeat(n / 2)}\n  x: [${'{*a : 1},'.repeat(n / 18)}]\n`,
  'many anchors': (n) => withValue(`[${times(n / 8, (index) => `&a${index} b,`)}]`),
  'aliases of aliases in many documents': (n) =>
    '---\na: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]\n'.repeat(
      n / 250,
    ),
  'merges of a large mapping': (n) =>
    `${HEAD}  y: &a {${times(n / 16, (index) => `k${index}: 1,`)}}\n  x:\n${'  - <<: [*a,*a]\n'.repeat(n / 40)}`,
  'a chain of merges': (n) =>
    `a0: &a0 {x: 1}\n${times(n / 40, (index) => `a${index + 1}: &a${index + 1} {<<: *a${index}, k${index}: 1}\n`)}`,
  'many documents': (n) => '---\na: b\n'.repeat(n / 250),
  'a long comment': (n) => `${HEAD}#${'c'.repeat(n)}\n`,
  'many comments': (n) => HEAD + '# c\n'.repeat(n / 4),
  'byte order marks': (n) => `${HEAD}  x: |\n${'\uFEFF\n'.repeat(n / 2)}`,
  'a block text': (n) => withValue(`|\n${'    a\n'.repeat(n / 6)}`),
  'a folded text with empty lines': (n) => withValue(`>\n${'    a\n\n'.repeat(n / 7)}`),
  escapes: (n) => withValue(`"${'\\u0041\\n'.repeat(n / 8)}"`),
  'a quoted text over many lines': (n) => withValue(`"${'a\n    '.repeat(n / 6)}"`),
  'a quote without an end': (n) => `${HEAD}  x: '${'a '.repeat(n / 2)}`,
  'a plain text over many lines': (n) => withValue('a\n    '.repeat(n / 6)),
  'empty lines in a plain text': (n) => withValue(`a${'\n'.repeat(n)}    b`),
  'spaces at the end of a line': (n) => withValue(`a${' '.repeat(n)}`),
  'colons and hashes in a plain text': (n) => withValue('a:b#'.repeat(n / 4)),
  'many tags': (n) => withValue(`[${'!!str a,'.repeat(n / 8)}]`),
  'a long tag': (n) => withValue(`!<${'%41'.repeat(n / 3)}> b`),
  directives: (n) => `${times(n / 20, (index) => `%TAG !a${index}! tag:x\n`)}---\n${HEAD}`,
  'a long prefix for many tags': (n) =>
    `%TAG !a! tag:${'x'.repeat(n / 2)}\n---\nx: [${'!a!b c,'.repeat(n / 14)}]\n`,
  'many parameters': (n) =>
    withUnit(
      `parameters: [${times(n / 40, (index) => `{name: p${index}, type: INTT, value: x},`)}]`,
    ),
  'many methods': (n) => withUnit(`methods: [${'ROUTEE,'.repeat(n / 7)}]`),
  'many units': (n) =>
    withUnit(`children: [${times(n / 40, (index) => `{name: unit${index}, type: MODLE},`)}]`),
  'many containers': (n) =>
    `${HEAD}    componentSpecs: [{spec: {containers: [${times(n / 20, (index) => `{name: c${index}},`)}]}}]\n`,
  'many predictors': (n) =>
    HEAD.replace('  - name: p', `${'  - {name: p, graph: {name: m}}\n'.repeat(n / 33)}  - name: p`),
  'many items of a list': (n) =>
    `kind: List\nitems:\n${'- {kind: SeldonDeployment}\n'.repeat(n / 27)}`,
  'JSON that does not end': (n) => `{"a":${'[1,'.repeat(n / 3)}`,
  'a key of JSON again and again': (n) => `{${'"a":1,'.repeat(n / 6)}"b":1}`,
  'marks of a template': (n) => HEAD + '  x: {{ a }}\n'.repeat(n / 13),
};

for (const [kind, make] of Object.entries(TEXTS)) {
  test(`ten times the text takes about ten times as long: ${kind}`, () => {
    measure(make(1000));
    assertLinear(make(LENGTH), make(10 * LENGTH));
  });
}

test('ten times the volumes and mounts of a pod take about ten times as long', () => {
  const pod = (count: number): string =>
    JSON.stringify({
      apiVersion: 'machinelearning.seldon.io/v1',
      kind: 'SeldonDeployment',
      metadata: { name: 'a' },
      spec: {
        predictors: [
          {
            name: 'p',
            graph: { name: 'm', type: 'MODEL' },
            componentSpecs: [
              {
                spec: {
                  volumes: Array.from({ length: count }, (_, at) => ({ name: `v${at}` })),
                  containers: [
                    {
                      name: 'm',
                      image: 'x',
                      volumeMounts: Array.from({ length: count }, (_, at) => ({
                        name: `v${count - 1}`,
                        mountPath: `/${at}`,
                      })),
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    });
  measure(pod(1000));
  assertLinear(pod(5000), pod(50_000));
});

test('the largest text is read, or refused, within seconds', () => {
  const { maxTextLength } = MANIFEST_LIMITS;
  for (const make of [
    (n: number) => withValue(`[${'aaaaaa,'.repeat(n / 7)}]`),
    (n: number) => withValue(`[${'a,'.repeat(n / 2)}]`),
    (n: number) => parameter('FLOAT', `${'1'.repeat(n)}e`),
  ]) {
    const text = make(maxTextLength - 1000);
    assert.ok(text.length <= maxTextLength);
    const ms = measure(text);
    if (ms > 15_000) assert.fail(`${Math.round(ms)} ms`);
  }
});

/** `long` is ten times `short`. */
function assertLinear(short: string, long: string): void {
  let [shortMs, longMs] = [Infinity, Infinity];
  for (let left = MAX_RUNS; left > 0; left--) {
    shortMs = Math.min(shortMs, measure(short));
    longMs = Math.min(longMs, measure(long));
    if (longMs <= MAX_GROWTH * shortMs + SLACK_MS) return;
  }
  assert.fail(`${shortMs} ms, then ${longMs} ms`);
}

/** Milliseconds of the processor; nothing may be a bug of the reader. */
function measure(text: string): number {
  return cpuMs(() => {
    const { findings } = loadDeployments(text, { source: 'test' });
    assert.ok(findings.every((finding) => finding.code !== 'READER_FAILED'));
  });
}
