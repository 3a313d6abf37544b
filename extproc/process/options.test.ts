import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_HELD_BYTES } from '../../graph/plan/limits.ts';
import { DRAIN_LIMIT_MS, parseOptions } from './options.ts';

test('the defaults are filled in, and both ways to write a value are read', () => {
  assert.deepEqual(parseOptions(['--log-level', 'warn', '--egress=/run/egress']), {
    kind: 'options',
    options: {
      egress: '/run/egress',
      logLevel: 'warn',
      maxHeldBytes: MAX_HELD_BYTES,
      drainLimitMs: DRAIN_LIMIT_MS,
    },
  });
});

test('every fault is told at once', () => {
  const parsed = parseOptions([
    '--log-level=loud',
    '--drain-limit-ms=1e3',
    '--egress=/a',
    '--egress=/b',
    'extra',
    '--max-held-bytes',
  ]);
  assert.equal(parsed.kind, 'faults');
  assert.deepEqual(parsed.kind === 'faults' ? parsed.faults : [], [
    '--egress is given twice',
    'unknown argument "extra"',
    '--max-held-bytes needs a value',
    '--log-level: "loud" is none of trace, debug, info, warn, error, fatal, silent',
    '--drain-limit-ms: "1e3" is not a whole number from 0 on',
  ]);
});

test('help is told whatever else is asked', () => {
  assert.deepEqual(parseOptions(['--nonsense', '--help']), { kind: 'help' });
});
