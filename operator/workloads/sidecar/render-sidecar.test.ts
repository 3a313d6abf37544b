// The two sidecars: what pod security asks for, what an author may set, how long a pod may take to end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OUR_ANNOTATIONS } from '../../../graph/seldon/annotations.ts';
import { boundSettings } from './bounds.ts';
import { DEFAULT_SIDECAR } from '../../config/defaults.ts';
import { parseQuantity } from './quantity.ts';
import { renderLoneSidecar, renderSidecar } from './render-sidecar.ts';
import type { SidecarInput } from './render-sidecar.ts';
import {
  SIDECAR_ANNOTATIONS,
  EXPOSURE_ANNOTATIONS,
  SIDECAR_VERSION_ANNOTATION,
} from '../../../graph/seldon/annotation-names.ts';

const INPUT: SidecarInput = {
  namespace: 'default',
  deploymentName: 'iris',
  predictor: 'main',
  planConfigMap: 'iris-main-plan-1',
  config: DEFAULT_SIDECAR,
  annotations: {},
  policy: { deadlineMs: 300_000, restTimeoutMs: null, grpcTimeoutMs: null },
};

test('both sidecars meet the restricted pod security standard', () => {
  for (const { securityContext } of renderSidecar(INPUT).initContainers)
    assert.deepEqual(securityContext, {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
});

test('where the platform gives users, none is named', () => {
  const { initContainers } = renderSidecar({
    ...INPUT,
    config: { ...DEFAULT_SIDECAR, userId: null },
  });
  for (const container of initContainers)
    assert.ok(!JSON.stringify(container.securityContext).includes('runAsUser'));
});

test('every sidecar asks for CPU, whatever the author wrote', () => {
  const orchestrator = { env: [], resources: { limits: { memory: '1Gi' } } };
  for (const { resources } of renderSidecar({ ...INPUT, orchestrator }).initContainers)
    assert.match(JSON.stringify(resources), /"requests":\{"cpu":"\d+m"/);
});

test('a request of the author above our limit takes the limit away', () => {
  const orchestrator = { env: [], resources: { requests: { memory: '4Gi' } } };
  const [filter] = renderSidecar({ ...INPUT, orchestrator }).initContainers;
  assert.deepEqual(filter?.resources, {
    limits: {},
    requests: { cpu: '50m', memory: '4Gi' },
  });
});

test('variables of the orchestrator reach the filter, but not in place of its own', () => {
  const env = [
    { name: 'JAEGER_DISABLED', value: 'true' },
    { name: 'POD_NAME', value: 'lie' },
  ];
  const [filter] = renderSidecar({ ...INPUT, orchestrator: { env } }).initContainers;
  const text = JSON.stringify(filter?.env);
  assert.match(text, /JAEGER_DISABLED/);
  assert.doesNotMatch(text, /lie/);
});

test('a pod has the drain, 5 s and the longest request to end: 30 s unless the author allows more', () => {
  const grace = (policy: object): number =>
    renderSidecar({ ...INPUT, policy: { ...INPUT.policy, ...policy } })
      .terminationGracePeriodSeconds;
  assert.equal(grace({}), 10 + 30 + 5);
  assert.equal(grace({ restTimeoutMs: 120_000, grpcTimeoutMs: 60_000 }), 10 + 120 + 5);
  assert.equal(grace({ restTimeoutMs: 900_000 }), 10 + 300 + 5, 'the deadline ends it before');
  assert.equal(grace({ deadlineMs: 900_001 }), 10 + 901 + 5);
  // An edit of the plan, which must roll no pods.
  assert.equal(grace({ deadlineMs: 1000 }), 10 + 30 + 5);
  assert.equal(grace({ deadlineMs: 1000, restTimeoutMs: 120_000 }), 10 + 120 + 5);
});

test('alone in a pod, Envoy is an ordinary container that drains by itself', () => {
  const { initContainers, containers } = renderLoneSidecar(renderSidecar(INPUT));
  assert.deepEqual(
    [initContainers.map(({ name }) => name), containers.map(({ name }) => name)],
    [['sidegraph-filter'], ['sidegraph-envoy']],
  );
  assert.equal(containers[0]?.restartPolicy, undefined);
  assert.deepEqual(containers[0]?.lifecycle, { preStop: { sleep: { seconds: 10 } } });
});

test('overrides within the bounds are taken', () => {
  const { settings, findings } = boundSettings(
    {
      [SIDECAR_ANNOTATIONS.envoyConcurrency]: '4',
      [SIDECAR_ANNOTATIONS.envoyCpuRequest]: '1.5',
      [SIDECAR_ANNOTATIONS.filterMemoryLimit]: '2Gi',
      [SIDECAR_ANNOTATIONS.logLevel]: 'debug',
      [SIDECAR_ANNOTATIONS.accessLog]: 'all',
    },
    DEFAULT_SIDECAR,
    'metadata.annotations',
  );
  assert.deepEqual(findings, []);
  assert.equal(settings.concurrency, 4);
  assert.equal(settings.envoy.cpuRequest, '1.5');
  assert.equal(settings.filter.memoryLimit, '2Gi');
  assert.equal(settings.logLevel, 'debug');
  assert.equal(settings.accessLog, 'all');
});

test('overrides out of the bounds, or that are none, are told and left out', () => {
  const wrong = {
    [SIDECAR_ANNOTATIONS.envoyConcurrency]: '200',
    [SIDECAR_ANNOTATIONS.envoyCpuRequest]: '9',
    [SIDECAR_ANNOTATIONS.filterCpuLimit]: '-1',
    [SIDECAR_ANNOTATIONS.filterMemoryLimit]: '1Mi',
    [SIDECAR_ANNOTATIONS.logLevel]: 'trace',
    [SIDECAR_ANNOTATIONS.accessLog]: 'some',
  };
  const { settings, findings } = boundSettings(wrong, DEFAULT_SIDECAR, 'spec.annotations');
  const { logLevel, accessLog, envoy, filter } = DEFAULT_SIDECAR;
  assert.deepEqual(settings, { logLevel, accessLog, concurrency: 1, envoy, filter });
  assert.deepEqual(
    findings.map(({ code }) => code),
    Object.keys(wrong).map(() => 'SIDECAR_SETTING'),
  );
});

test("Envoy's threads go by the CPU of its container, its limit or else its request, unless said", () => {
  const threads = (annotations: Readonly<Record<string, string>>, concurrency = 0): number =>
    boundSettings(annotations, { ...DEFAULT_SIDECAR, concurrency }, 'a').settings.concurrency;
  const { envoyCpuLimit, envoyCpuRequest, envoyConcurrency } = SIDECAR_ANNOTATIONS;
  assert.equal(threads({}), 1);
  assert.equal(threads({ [envoyCpuLimit]: '2' }), 1);
  assert.equal(threads({ [envoyCpuLimit]: '2500m' }), 2);
  assert.equal(threads({ [envoyCpuRequest]: '4' }), 2);
  assert.equal(threads({ [envoyCpuRequest]: '100m', [envoyCpuLimit]: '6' }), 3);
  assert.equal(threads({ [envoyCpuLimit]: '6', [envoyConcurrency]: '1' }), 1);
  assert.equal(threads({ [envoyCpuLimit]: '6' }, 2), 2);
});

test('a limit is never below its request', () => {
  const annotations = { [SIDECAR_ANNOTATIONS.envoyMemoryRequest]: '1Gi' };
  const { settings } = boundSettings(annotations, DEFAULT_SIDECAR, 'spec.annotations');
  assert.equal(settings.envoy.memoryLimit, '1Gi');
});

test('quantities are read as Kubernetes reads them', () => {
  for (const [text, value] of [
    ['500m', 0.5],
    ['1.5', 1.5],
    ['512Mi', 512 * 2 ** 20],
    ['1G', 1e9],
    ['1e3', 1000],
    ['1x', undefined],
    ['', undefined],
    ['-1', undefined],
  ] as const)
    assert.equal(parseQuantity(text), value, text);
});

test('the checks of manifests know every annotation that an author can write', () => {
  const { expose, hosts } = EXPOSURE_ANNOTATIONS;
  const names = [...Object.values(SIDECAR_ANNOTATIONS), SIDECAR_VERSION_ANNOTATION, expose, hosts];
  assert.deepEqual(
    names.filter((name) => !OUR_ANNOTATIONS.includes(name)),
    [],
  );
});
