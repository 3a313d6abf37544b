import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../lib/kube/object.ts';
import { markIntent } from './intent.ts';
import { stageService } from './stage-service.ts';

type Ports = readonly object[];
const LABELS = { 'seldon-app-svc-model': 'iris-main-model' };
const ENDING: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'old', deletionTimestamp: '2026-01-01T00:00:00Z' },
};
const port = (name: string, number: number, targetPort: number | string = number) => ({
  name,
  port: number,
  protocol: 'TCP',
  targetPort,
});

test('callers of the old and of the new port reach old and new pods, and no name of a port moves', () => {
  const before = [port('http', 9001), port('grpc', 9501)];
  const after = [port('http', 9101), port('grpc', 9501)];
  const both = [port('http', 9001, 'http'), port('grpc', 9501), port('new-9101', 9101, 'http')];
  assert.deepEqual(stage(before, after, [{ http: 9001 }], [{ http: 9101 }]), both);
  // As the pods are being replaced, and when the edit is taken back meanwhile.
  assert.deepEqual(stage(both, after, [{ http: 9101 }], [{ http: 9101 }]), both);
  assert.deepEqual(stage(both, before, [{ http: 9101 }], [{ http: 9001 }]), both);
  const third = [...both, port('new-9201', 9201, 'http')];
  assert.deepEqual(
    stage(both, [port('http', 9201), port('grpc', 9501)], [{ http: 9101 }], [{ http: 9201 }]),
    third,
  );
  // An old pod that is ending still calls; in the end it is as Seldon's again.
  assert.deepEqual(stage(both, after, [{ http: 9101 }], [{ http: 9101 }], true, [ENDING]), both);
  assert.deepEqual(stage(both, after, [{ http: 9101 }], [{ http: 9101 }], true), after);
});

test('where the name of a port does not tell the container, the numbers of both are beside each other', () => {
  const before = [port('http', 9001)];
  const after = [port('http', 9101)];
  const both = [port('http', 9101), port('old-9001', 9001)];
  const twoUnits = [{ http: 9001 }, { http: 9002 }];
  assert.deepEqual(stage(before, after, twoUnits, [{ http: 9101 }, { http: 9002 }]), both);
  assert.deepEqual(stage(before, after, [{ rest: 9001 }], [{ http: 9101 }]), both);
  assert.deepEqual(stage(before, after, [{ http: 9001 }], [{ rest: 9101 }]), both);
  assert.deepEqual(stage(both, after, [{ http: 9101 }], [{ http: 9101 }]), both);
});

test('a number that is the new port of one kind and the old one of the other stays a number', () => {
  const before = [port('http', 9001), port('grpc', 9501)];
  const after = [port('http', 9501), port('grpc', 9601)];
  assert.deepEqual(
    stage(before, after, [{ http: 9001, grpc: 9501 }], [{ http: 9501, grpc: 9601 }]),
    [port('http', 9001, 'http'), port('grpc', 9501), port('new-9601', 9601, 'grpc')],
  );
});

function stage(
  live: Ports,
  wanted: Ports,
  oldPods: readonly Record<string, number>[],
  newPods: readonly Record<string, number>[],
  isRolledOut = false,
  pods: readonly KubeObject[] = [],
): unknown {
  const service = markIntent(serviceOf(live));
  const old = deploymentOf(oldPods);
  const rollout = {
    wanted: [deploymentOf(newPods)],
    live: new Map([['Deployment/iris-main-0-model', old]]),
    pods,
    isRolledOut,
  };
  const { spec } = stageService(serviceOf(wanted), service, rollout) as KubeObject & {
    spec: { ports: unknown };
  };
  return spec.ports;
}

function serviceOf(ports: Ports): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'iris-main-model', namespace: 'demo' },
    spec: { selector: LABELS, ports },
  };
}

function deploymentOf(containers: readonly Record<string, number>[]): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'iris-main-0-model', namespace: 'demo' },
    spec: {
      template: {
        metadata: { labels: { ...LABELS, app: 'a' } },
        spec: {
          containers: containers.map((ports, index) => ({
            name: `unit-${index}`,
            ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort })),
          })),
        },
      },
    },
  };
}
