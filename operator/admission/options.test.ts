// The flags of the webhooks' process.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAdmissionOptions } from './options.ts';

test('in a pod nothing needs to be said: its name and namespace come from the environment', () => {
  const parsed = parseAdmissionOptions([], { POD_NAMESPACE: 'sidegraph', POD_NAME: 'admission-1' });
  assert.deepEqual(parsed, {
    kind: 'options',
    options: {
      host: '0.0.0.0',
      port: 9443,
      healthPort: 8081,
      namespace: 'sidegraph',
      replica: 'admission-1',
      secretName: 'sidegraph-admission-certificate',
      leaseName: 'sidegraph-admission',
      configurationName: 'sidegraph',
      hosts: [
        'sidegraph-admission.sidegraph.svc',
        'sidegraph-admission.sidegraph.svc.cluster.local',
      ],
      logLevel: 'info',
    },
  });
});

test('a wrong flag is refused in words', () => {
  const env = { POD_NAMESPACE: 'n', POD_NAME: 'p' };
  for (const [argv, words] of [
    [['--listen', 'x'], /--listen x is not HOST:PORT/],
    [['--health-port', '-1'], /./],
    [['--health-port=99999'], /--health-port 99999 is not a whole number from 0 to 65535/],
    [['--log-level', 'loud'], /debug, info, warn, error/],
    [['--nonsense'], /nonsense/],
  ] as const) {
    const parsed = parseAdmissionOptions(argv, env);
    assert.match(parsed.kind === 'faults' ? parsed.faults.join('\n') : '', words);
  }
  const nowhere = parseAdmissionOptions([], {});
  assert.deepEqual(nowhere, {
    kind: 'faults',
    faults: ['--namespace (or POD_NAMESPACE) is missing', '--replica (or POD_NAME) is missing'],
  });
});
