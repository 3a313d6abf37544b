import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_HELD_BYTES } from '../../graph/plan/limits.ts';
import { DRAIN_LIMIT_MS, parseFilterOptions } from './options.ts';

test('the defaults are filled in, and both ways to write a value are read', () => {
  assert.deepEqual(parseFilterOptions(['--log-level', 'warn', '--egress=/run/egress']), {
    kind: 'options',
    options: {
      kind: 'serve',
      options: {
        egress: '/run/egress',
        logLevel: 'warn',
        source: 'http://:8000/',
        maxHeldBytes: MAX_HELD_BYTES,
        drainLimitMs: DRAIN_LIMIT_MS,
        live: false,
        workers: 1,
      },
    },
  });
});

test('every fault is told at once', () => {
  assert.deepEqual(
    parseFilterOptions([
      '--log-level=loud',
      '--drain-limit-ms=1e3',
      '--egress=/a',
      '--egress=/b',
      '--max-held-bytes',
    ]),
    {
      kind: 'faults',
      faults: [
        '--egress is given twice',
        '--max-held-bytes needs a value',
        '--log-level loud is not one of trace, debug, info, warn, error, fatal, silent',
        '--drain-limit-ms 1e3 is not a whole number from 0 on',
      ],
    },
  );
  assert.deepEqual(parseFilterOptions(['extra']), {
    kind: 'faults',
    faults: ['unknown argument "extra"'],
  });
});

test('--warm asks for the compile cache', () => {
  assert.deepEqual(parseFilterOptions(['--warm']), { kind: 'options', options: { kind: 'warm' } });
});

test('help is told whatever else is asked', () => {
  assert.deepEqual(parseFilterOptions(['--nonsense', '--help']), { kind: 'help' });
});
