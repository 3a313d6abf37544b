// A unit is understood off the path as it is on the path of predictions, and fails with the same codes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { HeldAccount } from '../contract/held-bytes.ts';
import { type RawStep, startRawServer } from '../client/testing/raw-server.ts';
import { testPlan } from '../testing/plans.ts';
import { askUnit } from './ask-unit.ts';
import { heldInfo } from './limits.ts';
import { answerModels } from './models.ts';

/** Whoever asks does not go away. */
const WAITS = new AbortController().signal;
const BODY = '{"name":"n"}';
const LENGTH = `content-length: ${BODY.length}`;

const UNDERSTOOD = {
  'bare line feeds': `HTTP/1.1 200 OK\n${LENGTH}\n\n${BODY}`,
  'a folded line': `HTTP/1.1 200 OK\r\nx-a: b\r\n c\r\n${LENGTH}\r\n\r\n${BODY}`,
  'a header of 70 KB': `HTTP/1.1 200 OK\r\nx-a: ${'v'.repeat(70_000)}\r\n${LENGTH}\r\n\r\n${BODY}`,
  'HTTP/1.2': `HTTP/1.2 200 OK\r\n${LENGTH}\r\n\r\n${BODY}`,
};

const BROKEN: Readonly<Record<string, readonly RawStep[]>> = {
  'closes without a response': ['CLOSE'],
  'resets without a response': ['RESET'],
  'closes in the middle': [`HTTP/1.1 200 OK\r\n${LENGTH}\r\n\r\n{`, 'CLOSE'],
  'two lengths': [`HTTP/1.1 200 OK\r\n${LENGTH}\r\n${LENGTH}\r\n\r\n${BODY}`],
  'status 099': ['HTTP/1.1 099 X\r\ncontent-length: 2\r\n\r\n{}'],
  'another protocol': ['SSH-2.0-OpenSSH_9\r\n'],
  'switches protocols unasked': [
    'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
  ],
};

test('a unit is asked for its metadata', async (t) => {
  let steps: readonly RawStep[] = [];
  const unit = await startRawServer(() => steps);
  t.after(() => unit.close());
  const plan = testPlan({ name: 'm', type: 'MODEL', httpPort: unit.port });
  const asked = async (...given: readonly RawStep[]) => {
    steps = given;
    const account = new HeldAccount(heldInfo);
    const headers = { 'x-a': '1', 'x-b': ['2', '3'], host: 'client', connection: 'x-hop' };
    const result = await askUnit(plan, 0, 'm', 'metadata', headers, account, WAITS);
    account.close();
    return result.kind === 'failure'
      ? result.code
      : `${result.response.status} ${result.response.body}`;
  };
  for (const [what, response] of Object.entries(UNDERSTOOD))
    assert.equal(await asked(response), `200 ${BODY}`, what);
  for (const [what, response] of Object.entries(BROKEN))
    assert.equal(await asked(...response), 'UNIT_RESET', what);
  assert.equal(heldInfo.bytes, 0);
  assert.deepEqual(unit.requests[0]?.head.split('\r\n'), [
    'GET /metadata HTTP/1.1',
    `host: 127.0.0.1:${unit.port}`,
    'x-a: 1',
    'x-b: 2',
    'x-b: 3',
    'connection: close',
    '',
  ]);
});

test('models are listed from a unit that packs for everybody', async (t) => {
  const list = gzipSync(JSON.stringify({ object: 'list', data: [{ id: 'a' }, { id: 'b' }] }));
  const unit = await startRawServer(() => [
    `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${list.length}\r\n\r\n`,
    list,
  ]);
  t.after(() => unit.close());
  const plan = testPlan({ name: 'm', type: 'MODEL', httpPort: unit.port });
  const { body } = await answerModels({ ...plan, dialect: 'openai' }, {}, WAITS);
  const { data } = JSON.parse(String(body)) as { data: { id: string }[] };
  assert.deepEqual(
    data.map(({ id }) => id),
    ['a', 'b'],
  );
});
