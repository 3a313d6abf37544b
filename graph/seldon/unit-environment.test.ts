import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { findContainer } from '../plan/deployment.ts';
import type { Deployment, Predictor } from '../plan/deployment.ts';
import { loadDeployments } from './load-deployments.ts';
import { expandVariables, unitCommand, unitEnvironment } from './unit-environment.ts';

function loadPorts(): { deployment: Deployment; predictor: Predictor } {
  const file = new URL('../testdata/ports.in.yaml', import.meta.url);
  const { deployments } = loadDeployments(readFileSync(file, 'utf8'), { source: 'ports' });
  const [deployment] = deployments;
  const predictor = deployment?.predictors[0];
  assert.ok(deployment !== undefined && predictor !== undefined);
  return { deployment, predictor };
}

test('a unit is given the environment of the operator, joined with its own', () => {
  const { deployment, predictor } = loadPorts();
  const { values, needed } = unitEnvironment(deployment, predictor, predictor.graph);
  assert.equal(values['PREDICTIVE_UNIT_SERVICE_PORT'], '9000');
  assert.equal(values['PREDICTIVE_UNIT_GRPC_SERVICE_PORT'], '9500');
  assert.equal(values['PREDICTIVE_UNIT_METRICS_SERVICE_PORT'], '6000');
  assert.equal(values['PREDICTIVE_UNIT_ID'], 'classifier');
  assert.equal(values['PREDICTOR_ID'], 'p1');
  assert.equal(values['SELDON_DEPLOYMENT_ID'], 'mydep');
  assert.equal(values['PREDICTOR_LABELS'], '{"version":"p1"}');
  assert.equal(
    values['PREDICTIVE_UNIT_PARAMETERS'],
    '[{"name":"threshold","value":"0.5","type":"FLOAT"}]',
  );
  assert.equal(values['GREETING'], 'from classifier');
  assert.deepEqual(needed, [
    { name: 'S3_*', from: 'secret s3', optional: false },
    { name: 'PASSWORD', from: 'secret db/password', optional: false },
    { name: 'COLOUR', from: 'configMap colours/main', optional: true },
    { name: 'HOST_IP', from: 'field status.hostIP', optional: false },
  ]);
});

test('given values fill what is needed and replace what is written, but not the identity', () => {
  const { deployment, predictor } = loadPorts();
  const given = { PASSWORD: 'x', GREETING: 'hello', PREDICTIVE_UNIT_ID: 'other' };
  const { values, needed } = unitEnvironment(deployment, predictor, predictor.graph, { given });
  assert.equal(values['PASSWORD'], 'x');
  assert.equal(values['GREETING'], 'hello');
  assert.equal(values['PREDICTIVE_UNIT_ID'], 'classifier');
  assert.deepEqual(
    needed.map(({ name }) => name),
    ['S3_*', 'COLOUR', 'HOST_IP'],
  );
});

test('other ports reach the environment and the command', () => {
  const { deployment, predictor } = loadPorts();
  const ports = { http: 1, grpc: 2, metrics: 3 };
  const { values } = unitEnvironment(deployment, predictor, predictor.graph, { ports });
  const container = findContainer(predictor, 'classifier');
  assert.ok(container !== undefined);
  assert.deepEqual(unitCommand(container, values), ['python', '-m', 'serve', '--port', '1']);
});

test('a prepackaged server is told where its model lies', () => {
  const { deployment } = loadPorts();
  const predictor = deployment.predictors[1];
  const unit = predictor?.graph.children[0];
  assert.ok(predictor !== undefined && unit !== undefined);
  const { values } = unitEnvironment(deployment, predictor, unit);
  assert.equal(
    values['PREDICTIVE_UNIT_PARAMETERS'],
    '[{"name":"model_uri","value":"/mnt/models","type":"STRING"}]',
  );
});

test('$(NAME) is replaced, $$ is a dollar, unknown names stay', () => {
  const values = { A: '1' };
  assert.equal(expandVariables('$(A) $$(A) $(B) $A $(A', values), '1 $(A) $(B) $A $(A');
});
