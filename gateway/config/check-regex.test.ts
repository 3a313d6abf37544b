// What is accepted here is put before a real Envoy: known expressions, and thousands that a grammar and a dice make.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { cpuMs } from '../../testing/cpu-time.ts';
import { checkRegex, MAX_PROGRAM_SIZE, MAX_REGEX_LENGTH } from './check-regex.ts';
import { renderSnapshot } from './snapshot.ts';
import {
  type GatewayEnvoy,
  makeTestDir,
  removeDir,
  startGatewayEnvoy,
  testGatewayLayout,
} from '../testing/envoy.ts';
import { sketchPart } from '../testing/objects.ts';
import { SnapshotEncoder } from '../xds/desired.ts';
import { DiscoveryServer } from '../xds/server.ts';

/** What people write, and the corners of the syntax that RE2 takes. */
const TAKEN = [
  'ok.*',
  '[^a-z]',
  '^a$',
  String.raw`\d+(\.\d+)?`,
  '(?i)curl|wget',
  '.*(curl|wget|python-requests|okhttp|Go-http-client).*',
  '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
  String.raw`\pL+`,
  String.raw`\p{Lu}\P{N}`,
  '[[:alpha:]]',
  '[[:^digit:]x]',
  '(?P<n>a)(?<m>b)',
  String.raw`\Qa.b\E`,
  String.raw`\x41\x{42}\012\0`,
  'a{',
  'a{,5}',
  '{',
  '{x}',
  '[]a]',
  '[^]a]',
  '[a-]',
  '[--a]',
  '[a-b-c]',
  '[[a]',
  String.raw`[\d-z]`,
  'a*?',
  'a{2,3}?',
  '()',
  '(|a)',
  'a||b',
  '(?i-s:a)',
  String.raw`\_\-\/\ `,
  String.raw`\bA\B`,
  String.raw`\Aa\z`,
  'x{200}',
  '(a{9}){9}',
  '(a*)*',
  '(?:(?:a+)+)+',
  '(a|b){30}',
  String.raw`[^\\\]]`,
  '(?s).(?-s).',
  '(?U)a*',
  String.raw`\a\f\t\n\r\v`,
  '$',
  ']',
  '}',
] as const;

const REFUSED = [
  '',
  '[^]',
  '[]',
  String.raw`[\b]`,
  String.raw`\p{Letter}+`,
  String.raw`\p{ASCII}`,
  String.raw`\p{Script=Greek}`,
  '(a{50}){50}',
  '(a|b){99}{2}',
  'x{1001}',
  '((a{30}){30}){30}',
  'a**',
  '*a',
  '+',
  '(',
  ')',
  'a)',
  '(a',
  '(?=a)',
  '(?!a)',
  '(?<=a)',
  '(?-)',
  '(?)',
  String.raw`\1`,
  String.raw`\k<n>`,
  String.raw`\u0041`,
  String.raw`\c`,
  String.raw`\Z`,
  String.raw`\e`,
  '\\',
  '[a',
  '[b-a]',
  String.raw`[a-\d]`,
  '[[:foo:]]',
  'a{2,1}',
  '{2}',
  String.raw`\x{1F600}`,
  '(?P<n>a)(?P<n>b)',
  'é',
  'a\n',
  String.raw`\C{2`,
  'x{600}',
  '.{300}',
  `${'('.repeat(60)}a${')'.repeat(60)}`,
  '^*',
  String.raw`\b{2}`,
  '(?i)*',
] as const;

test('every one is judged as it is expected', () => {
  for (const text of TAKEN) assert.equal(checkRegex(text), undefined, text);
  for (const text of REFUSED) assert.notEqual(checkRegex(text), undefined, text);
  assert.match(checkRegex('x'.repeat(MAX_REGEX_LENGTH + 1)) ?? '', /characters/);
  assert.match(checkRegex(`a{${MAX_PROGRAM_SIZE}}`) ?? '', /instructions/);
});

test('a text ten times as long takes about ten times as long, and no longer than a moment', () => {
  for (const unit of ['a', '(', '[', '(a|', 'a{9}', '\\', '[[:', '(?i)', '{', '(a*)*', '\\Q'])
    for (const count of [10, 100, 1000, 100_000]) {
      const tookMs = cpuMs(() => {
        checkRegex(unit.repeat(count));
        checkRegex(unit.repeat(count).slice(0, MAX_REGEX_LENGTH));
      });
      assert.ok(tookMs < 100, `${tookMs} ms for ${count} times ${unit}`);
    }
});

describe('Envoy', () => {
  let dir: string;
  let envoy: GatewayEnvoy;
  let server: DiscoveryServer;
  const encoder = new SnapshotEncoder();
  const live = new Map<object, () => void>();
  let refused = Promise.withResolvers<string>();

  before(async () => {
    dir = await makeTestDir();
    const layout = await testGatewayLayout(dir);
    server = new DiscoveryServer({
      log: SILENT_LOG,
      onLive: (desired) => live.get(desired)?.(),
      onRefused: ({ reason }) => refused.resolve(reason),
    });
    await server.listen(layout.discoverySocket);
    server.publish(encoder.encode(renderSnapshot([])));
    envoy = await startGatewayEnvoy(dir, layout);
    await envoy.ready();
  });
  after(async () => {
    server.close();
    await envoy.stop();
    await removeDir(dir);
  });

  test('takes what is accepted', async () => {
    const texts = [
      ...new Set([...TAKEN, ...madeUp(5000).filter((each) => checkRegex(each) === undefined)]),
    ];
    assert.ok(texts.length > 800, `${texts.length} expressions`);
    assert.equal(await put(texts), undefined);
  });

  test('refuses what only looks like an expression', async () => {
    for (const text of [
      '[^]',
      String.raw`\p{Letter}+`,
      '(a{50}){50}',
      'a**',
      String.raw`\x{1F600}`,
    ])
      assert.notEqual(await put([text]), undefined, text);
  });

  /** Undefined when they are live, else Envoy's words. */
  async function put(texts: readonly string[]): Promise<string | undefined> {
    refused = Promise.withResolvers();
    const parts = texts.map((value, at) => {
      const part = sketchPart({ namespace: 'demo', name: `m-${at}`, predictors: [{ name: 'p' }] });
      return {
        ...part,
        served: { ...part.served, headers: [{ name: 'x', value, isRegex: true }] },
      };
    });
    const desired = encoder.encode(renderSnapshot(parts));
    const taken = new Promise<undefined>((resolve) => {
      live.set(desired, () => resolve(undefined));
    });
    server.publish(desired);
    return Promise.race([taken, refused.promise]);
  }
});

/** Expressions, most of them broken somewhere: pieces of the syntax in a random order; the same ones each time. */
function madeUp(count: number): string[] {
  const pieces = [
    ...'ab1.*+?|()[]{}^$\\-,:!<>=PUikQE ',
    '\\d',
    '\\w',
    '\\S',
    '\\b',
    '\\pL',
    '\\p{N}',
    '\\x41',
    '[a-z]',
    '[^a-z0-9]',
    '[[:alpha:]]',
    '(?:',
    '(?i)',
    '{2,3}',
    '{10}',
    '{,2}',
    '.*',
    '\\.',
    '(?P<n>',
    '\\Q',
    '\\E',
    '\\0',
    '\\A',
    '\\z',
  ];
  let seed = 20261129;
  const dice = (sides: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * sides);
  };
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + dice(12) }, () => pieces[dice(pieces.length)]).join(''),
  );
}
