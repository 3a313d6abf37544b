// The operator's command line: what is unknown, missing or out of range is told, all at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOperatorOptions } from './config.ts';

const ENV = { POD_NAMESPACE: 'sidegraph', POD_NAME: 'operator-1' };

test('the environment names the pod, and everything else has a default', () => {
  const parsed = parseOperatorOptions([], ENV);
  assert.equal(parsed.kind, 'options');
  if (parsed.kind !== 'options') return;
  assert.deepEqual(parsed.options, {
    namespace: 'sidegraph',
    replica: 'operator-1',
    lease: 'sidegraph-operator',
    configDir: '',
    host: '0.0.0.0',
    healthPort: 8081,
    watchNamespaces: [],
    gatewayNamespace: 'sidegraph',
    workers: 8,
    formerManagers: ['manager'],
    logLevel: 'info',
  });
  assert.ok(Object.isFrozen(parsed.options));
});

test('lists are split, named once and trimmed', () => {
  const parsed = parseOperatorOptions(['--watch-namespaces', 'a, b,a', '--workers=2'], ENV);
  assert.equal(parsed.kind, 'options');
  if (parsed.kind !== 'options') return;
  assert.deepEqual(parsed.options.watchNamespaces, ['a', 'b']);
  assert.equal(parsed.options.workers, 2);
});

test('an unknown flag and a positional argument are refused', () => {
  for (const argument of ['--nonsense', 'word']) {
    const parsed = parseOperatorOptions([argument], ENV);
    assert.equal(parsed.kind, 'faults');
  }
});

test('all faults are told at once', () => {
  const argv = ['--health-port=x', '--workers=0', '--log-level=loud', '--nonsense'];
  const parsed = parseOperatorOptions(argv, {});
  assert.equal(parsed.kind, 'faults');
  if (parsed.kind !== 'faults') return;
  assert.equal(parsed.faults.length, 6);
});

test('a name that no namespace can have is refused', () => {
  assert.deepEqual(parseOperatorOptions(['--watch-namespaces=A_B'], ENV), {
    kind: 'faults',
    faults: ['--watch-namespaces: "A_B" is no namespace'],
  });
});

test('--help goes before everything else', () => {
  assert.deepEqual(parseOperatorOptions(['--help', '--workers=x'], {}), { kind: 'help' });
});
