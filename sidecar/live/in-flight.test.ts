import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPlan } from '../../extproc/testing/plans.ts';
import { addInFlight } from './in-flight.ts';

test('calls of the filter and of Envoy are added up by unit, and a request counts once', () => {
  const plan = testPlan({
    name: 'r',
    type: 'ROUTER',
    children: [
      { name: 'm', type: 'MODEL' },
      { name: 'quiet', type: 'MODEL' },
    ],
  });
  const deployment = {
    deployment: 'd',
    namespace: 'n',
    predictors: [{ plan, traffic: 100, shadow: false }],
  };
  const ofEnvoy = new Map([
    ['p_r_rest', 1],
    ['p_m_rest_any', 2],
    ['p_m_grpc', 3],
    ['p_quiet_rest', 0],
    ['filter', 9],
  ]);
  const requests = new Map([
    ['front', 3],
    ['ingress_p', 3],
    ['egress', 1],
  ]);
  const busy = addInFlight(deployment, new Map([['p/r', 4]]), { requests, calls: ofEnvoy });
  assert.equal(busy.requests, 3);
  assert.deepEqual(
    [...busy.calls],
    [
      ['p/r', 5],
      ['p/m', 5],
    ],
  );
});
