// A unit that is reached by a name, while the name has addresses of both families, some that nobody listens on, moves, or cannot be
// resolved for a moment: as the only unit (native), the last one (tail) and the first one (side, over Envoy's egress).
import assert from 'node:assert/strict';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import type { Observed, PlaceSeen, Seen } from './observed.ts';
import { runInOwnNetwork, whyNoOwnNetwork } from './own-network.ts';

const PROGRAM = path.join(import.meta.dirname, 'watch-names.ts');
const TIMEOUT_MS = 120_000;

const skip = await whyNoOwnNetwork();

describe('a unit that is reached by a name', { skip }, () => {
  let observed: Observed;

  before(async () => {
    const { code, stdout, stderr } = await runInOwnNetwork([process.execPath, PROGRAM], TIMEOUT_MS);
    assert.equal(code, 0, stderr);
    observed = JSON.parse(stdout) as Observed;
  });

  test('AAAA and A, and it listens on IPv4 only: every request reaches it, and it is ready', () => {
    each(observed.bothFamilies, ({ counts }) => assert.deepEqual(counts, { '127.0.0.1': 20 }));
    assert.deepEqual(observed.overGrpc.counts, { 0: 20 });
    assert.deepEqual(observed.ready.counts, { 200: 3 });
  });

  test('A and AAAA, and it listens on IPv6 only: every request reaches it', () => {
    each(observed.onlyV6Listens, ({ counts }) => assert.deepEqual(counts, { '::1': 20 }));
  });

  test('two A records, nobody listens on the first: every request reaches the other', () => {
    each(observed.largeBodies, ({ counts }) => assert.deepEqual(counts, { '127.0.0.1': 10 }));
    each(observed.oneOfTwoDead, ({ counts }) => assert.deepEqual(counts, { '127.0.0.1': 20 }));
  });

  test('two A records, both alive: they share the requests', () => {
    each(observed.twoAlive, ({ counts }) => {
      assert.deepEqual(Object.keys(counts).toSorted(), ['127.0.0.1', '127.0.0.3']);
      for (const count of Object.values(counts)) assert.ok(count >= 20, `${count} of 60`);
    });
  });

  for (const kind of ['nxdomain', 'servfail', 'silent', 'empty'] as const) {
    test(`the name cannot be resolved for a moment (${kind}): nobody is dropped`, () => {
      each(observed.outages[kind], ({ counts }) =>
        assert.deepEqual(Object.keys(counts), ['127.0.0.1']),
      );
    });
  }

  test('the name moves: its new address is seen when its time to live is over', () => {
    each(observed.moved, ({ counts, ms = Infinity }) => {
      assert.deepEqual(Object.keys(counts).toSorted(), ['127.0.0.1', '127.0.0.3']);
      // A time to live of 1 s, looked up each second at the most.
      assert.ok(ms < 5000, `${ms} ms`);
    });
    each(observed.oldOneGone, ({ counts }) => assert.deepEqual(counts, { '127.0.0.3': 20 }));
  });
});

function each(seen: Seen, check: (place: PlaceSeen) => void): void {
  for (const [place, value] of Object.entries(seen)) {
    try {
      check(value as PlaceSeen);
    } catch (error) {
      throw new Error(`${place}: ${JSON.stringify(value)}`, { cause: error });
    }
  }
}
