import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adjust } from './manifest-adjust.ts';

const written = {
  kind: 'SeldonDeployment',
  metadata: { name: 'a', namespace: 'theirs', labels: { app: 'x' } },
  spec: {
    serverType: 'kafka',
    predictors: [
      {
        engineResources: { requests: { memory: '9Gi' } },
        componentSpecs: [
          {
            spec: {
              volumes: [{ name: 'v', hostPath: { path: '/tmp' } }],
              containers: [
                {
                  name: 'm',
                  imagePullPolicy: 'Always',
                  resources: { limits: { cpu: '8', 'nvidia.com/gpu': '1' } },
                },
                { name: 'n', imagePullPolicy: 'Never', env: [{ name: 'cpu', value: '1' }] },
              ],
            },
          },
        ],
        graph: { name: 'm' },
      },
    ],
  },
};

test('what one small node without a registry cannot give is changed, and told', () => {
  const { deployment, changes } = adjust(written, 'ours');
  assert.deepEqual(deployment, {
    kind: 'SeldonDeployment',
    metadata: { name: 'a', namespace: 'ours', labels: { app: 'x' } },
    spec: {
      predictors: [
        {
          engineResources: { requests: {} },
          componentSpecs: [
            {
              spec: {
                volumes: [{ name: 'v', emptyDir: {} }],
                containers: [
                  {
                    name: 'm',
                    imagePullPolicy: 'IfNotPresent',
                    resources: { limits: { 'nvidia.com/gpu': '1' } },
                  },
                  { name: 'n', imagePullPolicy: 'Never', env: [{ name: 'cpu', value: '1' }] },
                ],
              },
            },
          ],
          graph: { name: 'm' },
        },
      ],
    },
  });
  assert.deepEqual(changes, [
    'hostPath → emptyDir',
    'imagePullPolicy Always → IfNotPresent',
    'requests and limits of CPU and memory taken out',
    'serverType kafka taken out',
  ]);
});

test('what needs nothing stays as it was written', () => {
  const plain = { ...written, spec: { predictors: [{ graph: { name: 'm', children: null } }] } };
  assert.deepEqual(adjust(plain, 'theirs'), { deployment: plain, changes: [] });
});
