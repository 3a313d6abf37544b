import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_HELD_BYTES } from '../graph/limits.ts';
import { DRAIN_LIMIT_MS, parseOptions } from './options.ts';

test('the defaults are filled in, and both ways to write a value are read', () => {
  assert.deepEqual(parseOptions(['--listen-fd', '3', '--egress=/run/egress']), {
    kind: 'options',
    options: {
      listen: { fd: 3 },
      offpathHttp: null,
      offpathGrpc: null,
      egress: '/run/egress',
      admin: null,
      counts: null,
      peers: [],
      logLevel: 'info',
      maxHeldBytes: MAX_HELD_BYTES,
      drainLimitMs: DRAIN_LIMIT_MS,
    },
  });
});

test('every fault is told at once', () => {
  const parsed = parseOptions([
    '--listen=/a',
    '--listen-fd=2',
    '--log-level=loud',
    '--drain-limit-ms=1e3',
    '--admin=/a',
    '--admin=/b',
    'extra',
    '--egress',
  ]);
  assert.equal(parsed.kind, 'faults');
  assert.deepEqual(parsed.kind === 'faults' ? parsed.faults : [], [
    '--admin is given twice',
    'unknown argument "extra"',
    '--egress needs a value',
    '--listen-fd: "2" is not a whole number from 3 on',
    'give one of --listen-fd and --listen',
    '--log-level: "loud" is none of trace, debug, info, warn, error, fatal, silent',
    '--drain-limit-ms: "1e3" is not a whole number from 0 on',
  ]);
});

test('without a place to listen there is nothing to start', () => {
  const parsed = parseOptions([]);
  assert.deepEqual(parsed, { kind: 'faults', faults: ['give one of --listen-fd and --listen'] });
});

test('help is told whatever else is asked', () => {
  assert.deepEqual(parseOptions(['--nonsense', '--help']), { kind: 'help' });
});
