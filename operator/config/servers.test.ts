// The map of prepackaged servers, as clusters write it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findServerImage, SERVERS } from '../../graph/plan/servers.ts';
import { parseServers } from './servers.ts';

test('an image gets its default version only where it has no tag', () => {
  const parsed = parseServers(
    JSON.stringify({
      HOUSE: {
        protocols: {
          seldon: { image: 'registry.example:5000/house', defaultImageVersion: '7' },
          v2: { image: 'house:1', defaultImageVersion: '7' },
        },
      },
    }),
  );
  assert.ok(parsed.kind === 'servers');
  assert.equal(findServerImage(parsed.servers, 'HOUSE', 'seldon'), 'registry.example:5000/house:7');
  assert.equal(findServerImage(parsed.servers, 'HOUSE', 'kfserving'), 'house:1');
});

test('a map that cannot be used is told in words', () => {
  for (const [text, reason] of [
    ['{', 'predictor_servers is not JSON'],
    ['[]', 'predictor_servers is not an object'],
    ['{"A":{}}', 'predictor_servers.A has no protocols'],
    ['{"A":{"protocols":{"v2":{}}}}', 'predictor_servers.A.protocols.v2 has no image'],
  ] as const)
    assert.deepEqual(parseServers(text), { kind: 'wrong', reason });
});

test('a server that speaks another protocol only has no image for seldon', () => {
  assert.equal(findServerImage(SERVERS, 'TRITON_SERVER', 'seldon'), undefined);
  assert.equal(
    findServerImage(SERVERS, 'SKLEARN_SERVER', 'seldon'),
    'seldonio/sklearnserver:1.17.1',
  );
});
