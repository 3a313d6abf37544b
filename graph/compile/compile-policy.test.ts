import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../plan/limits.ts';
import { loadDeployments } from '../seldon/load-deployments.ts';
import { compileDeployment } from './compile-deployment.ts';

const endpoint = { service_host: '10.0.0.1', httpPort: 80, grpcPort: 81 };
// A graph that feedback is remembered for has all limits.
const children = [{ name: 'a', type: 'MODEL', endpoint }];
const graph = { name: 'r', type: 'ROUTER', endpoint, children };

/** The limits of the plan by their names in the table. */
function limitsWith(
  annotations: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const manifest = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'd' },
    spec: { annotations, predictors: [{ name: 'p', graph }] },
  };
  const { deployments, findings } = loadDeployments(JSON.stringify(manifest), { source: 'p.json' });
  assert.deepEqual(findings, []);
  const { policy, feedbackMemory } = compileDeployment(deployments[0]!).predictors[0]!.plan;
  return { ...policy, ...feedbackMemory };
}

for (const [name, { annotation, min }] of Object.entries(LIMITS))
  test(`${annotation} is ${name} in the plan, and nothing else of it`, () => {
    const value = min + 1;
    const { [name]: set, ...others } = limitsWith({ [annotation]: String(value) });
    assert.equal(set, value);
    const { [name]: unset, ...same } = limitsWith({});
    assert.notEqual(unset, value);
    // A gRPC message is no larger than a body.
    if (name === 'maxBodyBytes') assert.equal(others['grpcMaxMessageBytes'], value);
    else assert.deepEqual(others, same);
  });
