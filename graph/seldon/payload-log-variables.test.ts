import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDeployments } from './load-deployments.ts';
import { findSinkFaults, sinkOf } from './payload-log-variables.ts';

test('a logger says where its payloads go, then the environment, then Knative has a name for it', () => {
  assert.equal(sinkOf('http://own/', {}), 'http://own/');
  assert.equal(sinkOf('', {}), 'http://default-broker');
  assert.equal(sinkOf('', { REQUEST_LOGGER_DEFAULT_ENDPOINT: 'http://all/' }), 'http://all/');
});

test('a broker in the environment takes what would go over HTTP, as in Seldon’s executor', () => {
  const variables = { LOGGER_KAFKA_BROKER: 'a:9092, b:9092', REQUEST_LOGGER_DEFAULT_ENDPOINT: 'x' };
  assert.equal(sinkOf('', variables), 'kafka://a:9092,b:9092/seldon');
  assert.equal(sinkOf('http://own/', variables), 'kafka://a:9092,b:9092/seldon');
  assert.equal(sinkOf('', { ...variables, LOGGER_KAFKA_TOPIC: 't' }), 'kafka://a:9092,b:9092/t');
  assert.equal(sinkOf('kafka://c/own', variables), 'kafka://c/own');
});

test('variables that cannot be used are told, where something is logged', () => {
  const told = (urls: readonly string[], variables: Record<string, string>): readonly string[] =>
    findSinkFaults(urls, variables).map(({ variable, what }) => `${variable} ${what}`);
  const wrong = {
    LOGGER_KAFKA_BROKER: 'PLAINTEXT://a:9092',
    LOGGER_KAFKA_TOPIC: 'a b',
    KAFKA_SECURITY_PROTOCOL: 'TLS',
    KAFKA_SASL_MECHANISM: 'GSSAPI',
  };
  assert.deepEqual(told([], wrong), []);
  assert.deepEqual(told([''], wrong), [
    'LOGGER_KAFKA_BROKER is "PLAINTEXT://a:9092"',
    'LOGGER_KAFKA_TOPIC is "a b"',
    'KAFKA_SECURITY_PROTOCOL is "TLS"',
    'KAFKA_SASL_MECHANISM is "GSSAPI"',
  ]);
  assert.deepEqual(told(['http://own/'], { KAFKA_SECURITY_PROTOCOL: 'TLS' }), []);
  assert.deepEqual(told(['kafka://a/t'], { KAFKA_SECURITY_PROTOCOL: 'TLS' }), [
    'KAFKA_SECURITY_PROTOCOL is "TLS"',
  ]);
  assert.deepEqual(
    told(['kafka://a/t'], { KAFKA_SECURITY_PROTOCOL: 'sasl_ssl', KAFKA_SASL_MECHANISM: 'PLAIN' }),
    [],
  );
  const sink = { REQUEST_LOGGER_DEFAULT_ENDPOINT: 'broker' };
  assert.deepEqual(told(['http://own/'], sink), []);
  assert.deepEqual(told(['http://own/', ''], sink), [
    'REQUEST_LOGGER_DEFAULT_ENDPOINT is "broker"',
  ]);
});

test('where payloads go has to be in the manifest', () => {
  const manifest = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'd' },
    spec: {
      predictors: [
        {
          name: 'p',
          svcOrchSpec: {
            env: [
              {
                name: 'LOGGER_KAFKA_BROKER',
                valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } },
              },
              {
                name: 'KAFKA_SASL_PASSWORD',
                valueFrom: { secretKeyRef: { name: 's', key: 'k' } },
              },
            ],
          },
          graph: {
            name: 'm',
            type: 'MODEL',
            logger: { mode: 'all' },
            endpoint: { service_host: 'h', httpPort: 9000 },
          },
        },
      ],
    },
  };
  const { findings } = loadDeployments(JSON.stringify(manifest), { source: 'test' });
  assert.deepEqual(
    findings.map(({ code, path, message }) => `${code} ${path}: ${message}`),
    [
      'PAYLOAD_LOG_VARIABLE spec.predictors[0].svcOrchSpec.env: LOGGER_KAFKA_BROKER has its value from elsewhere, so that nobody knows where payloads go',
    ],
  );
});
