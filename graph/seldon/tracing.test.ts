import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileDeployment } from '../compile/compile-deployment.ts';
import { loadDeployments } from './load-deployments.ts';
import { findTracingFaults, NO_TRACING, parseOtlpUrl, readTracing } from './tracing.ts';

const COLLECTOR = 'http://collector:4318';

function read(
  variables: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>> = {},
  defaults = NO_TRACING,
) {
  return readTracing({ deployment: 'iris', annotations, variables, defaults });
}

test('without a receiver there are no traces', () => {
  assert.equal(read({}), undefined);
  assert.equal(read({ TRACING: '1' }), undefined);
});

test('the cluster sets where spans go, the deployment how many requests are traced', () => {
  const defaults = { url: `${COLLECTOR}/`, samplingPercent: 5, formats: [] };
  const own = { service: 'iris', formats: [], attributes: {}, url: COLLECTOR };
  assert.deepEqual(read({}, {}, defaults), { ...own, samplingMillionths: 50_000 });
  const annotations = { 'sidegraph.io/trace-sampling-percent': '0.25' };
  assert.deepEqual(read({}, annotations, defaults), { ...own, samplingMillionths: 2500 });
});

test("OpenTelemetry's variables are understood", () => {
  const variables = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://other:4000/base/',
    OTEL_SERVICE_NAME: 'flowers',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.5',
    OTEL_PROPAGATORS: 'tracecontext, b3multi',
  };
  assert.deepEqual(read(variables, {}, { ...NO_TRACING, url: COLLECTOR }), {
    url: 'http://other:4000/base',
    samplingMillionths: 500_000,
    service: 'flowers',
    formats: ['b3'],
    attributes: {},
  });
});

test("what Seldon's executor read for Jaeger is mapped to OTLP, which Jaeger takes at port 4318", () => {
  const variables = {
    TRACING: '1',
    JAEGER_AGENT_HOST: 'jaeger-agent',
    JAEGER_AGENT_PORT: '6831',
    JAEGER_SERVICE_NAME: 'executor',
    JAEGER_SAMPLER_TYPE: 'const',
    JAEGER_SAMPLER_PARAM: '1',
    JAEGER_TAGS: 'team=red, zone=${ZONE:a}, broken',
  };
  assert.deepEqual(read(variables), {
    url: 'http://jaeger-agent:4318',
    samplingMillionths: 1_000_000,
    service: 'executor',
    formats: ['jaeger'],
    attributes: { team: 'red', zone: 'a' },
  });
  const endpoint = { JAEGER_ENDPOINT: 'http://jaeger:14268/api/traces' };
  assert.equal(read(endpoint)?.url, 'http://jaeger:4318');
  assert.equal(read(endpoint, {}, { ...NO_TRACING, url: COLLECTOR })?.url, COLLECTOR);
  const b3 = { ...endpoint, JAEGER_TRACE_PROPAGATION_TYPE: 'b3' };
  assert.deepEqual(read(b3)?.formats, ['b3']);
});

test("Jaeger's samplers become shares", () => {
  const share = (type: string, param?: string) =>
    read({
      JAEGER_AGENT_HOST: 'j',
      JAEGER_SAMPLER_TYPE: type,
      ...(param === undefined ? {} : { JAEGER_SAMPLER_PARAM: param }),
    })?.samplingMillionths;
  assert.equal(share('const', '0'), 0);
  assert.equal(share('const'), 1_000_000);
  assert.equal(share('probabilistic', '0.2'), 200_000);
  assert.equal(share('remote'), 1000);
  assert.equal(share('ratelimiting', '10'), 1000);
});

test('tracing is switched off by the words of each', () => {
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR };
  assert.ok(read(on));
  for (const off of [{ TRACING: '0' }, { OTEL_SDK_DISABLED: 'true' }, { JAEGER_DISABLED: 'TRUE' }])
    assert.equal(read({ ...on, ...off }), undefined);
});

test('a receiver is an address over plain HTTP', () => {
  assert.equal(parseOtlpUrl('http://c'), 'http://c:4318');
  assert.equal(parseOtlpUrl('http://c:1/v1/traces'), 'http://c:1');
  assert.equal(parseOtlpUrl('http://[::1]:4318'), 'http://[::1]:4318');
  for (const text of ['c:4318', 'https://c', 'http://u:p@c', 'http://c?x', '', 'grpc://c'])
    assert.equal(parseOtlpUrl(text), undefined, text);
});

test('what cannot be used is said, and the rest works', () => {
  const faults = findTracingFaults({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector',
    OTEL_TRACES_SAMPLER_ARG: '2',
    JAEGER_SAMPLER_PARAM: 'x',
  });
  assert.deepEqual(
    faults.map(({ variable }) => variable),
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_TRACES_SAMPLER_ARG', 'JAEGER_SAMPLER_PARAM'],
  );
  assert.deepEqual(
    findTracingFaults({ JAEGER_SAMPLER_TYPE: 'ratelimiting', JAEGER_SAMPLER_PARAM: '10' }),
    [],
  );
});

test('a manifest brings its settings to the plan, and its faults to the findings', () => {
  const manifest = (endpoint: string, percent: string) => `
apiVersion: machinelearning.seldon.io/v1
kind: SeldonDeployment
metadata: {name: iris}
spec:
  annotations: {sidegraph.io/trace-sampling-percent: "${percent}"}
  predictors:
  - name: p
    svcOrchSpec: {env: [{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: "${endpoint}"}]}
    graph: {name: m, implementation: SIMPLE_MODEL}
`;
  const good = loadDeployments(manifest(COLLECTOR, '2.5'), { source: 'a' });
  assert.deepEqual(good.findings, []);
  const [deployment] = good.deployments;
  assert.ok(deployment);
  const { plan } = compileDeployment(deployment).predictors[0] ?? assert.fail();
  assert.deepEqual(plan.tracing, {
    url: COLLECTOR,
    samplingMillionths: 25_000,
    service: 'iris',
    formats: [],
    attributes: {},
  });
  const bad = loadDeployments(manifest('udp://agent:6831', '101'), { source: 'b' });
  assert.deepEqual(
    bad.findings.map(({ code, path }) => `${code} ${path}`),
    [
      'ANNOTATION_VALUE spec.annotations["sidegraph.io/trace-sampling-percent"]',
      'TRACING_INVALID spec.predictors[0].svcOrchSpec.env',
    ],
  );
});
