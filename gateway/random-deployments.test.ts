// Random deployments, with every value that reaches Envoy as odd as a stored object allows, at the real agent and Envoy: no table is
// refused, and the deployment that asks nothing odd is always served.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubeObject } from '../lib/kube/object.ts';
import { askControl, gatewayControlSocket } from './process/control.ts';
import { startTestGateway, type TestGateway, until } from './testing/gateway.ts';
import {
  type DeploymentSketch,
  sketchDeployment,
  sketchServices,
  sketchSlice,
} from './testing/objects.ts';

const ROUNDS = 25;
const PER_ROUND = 40;
const LONG = 'a'.repeat(300);
const WORDS = [
  '',
  ' ',
  '*',
  '*.',
  '*.com',
  'a',
  'a.example.com',
  'A.Example.COM:80',
  `${LONG}.com`,
  '-x',
  'x-',
  'a..b',
  'ü.example',
  'a b',
  '[::1]',
  '%REQ(:path)%',
  '%',
  '%%',
  '{{x}}',
  '\u0000',
  '\r\nx: y',
  '\u202e',
  '\ud800',
  '__proto__',
  'constructor',
  'null',
  'true',
  '0',
  '-1',
  '10',
  '1e9',
  '99999999999999999999',
  '0x10',
  'x: y',
  'x:',
  ': y',
  'host: a',
  ':path: /',
  'x: [a-z]+',
  'x: [',
  'x: a{2000}',
  'x: (a{50}){50}',
  String.raw`x: \p{Letter}`,
  String.raw`x: \1`,
  'x: (?=a)',
  `x: ${'(a|b)*'.repeat(100)}`,
  `x: ${LONG}${LONG}${LONG}${LONG}`,
  'content-length: 1',
  'x-ü: 1',
  'a-explainer',
  '../..',
  'a/b',
  '/',
  'p',
  '🦆',
  'x'.repeat(5000),
] as const;
const ANNOTATIONS = [
  'sidegraph.io/hosts',
  'seldon.io/istio-host',
  'sidegraph.io/expose',
  'sidegraph.io/deadline-ms',
  'seldon.io/ambassador-header',
  'seldon.io/ambassador-regex-header',
  'seldon.io/ambassador-service-name',
  'seldon.io/ambassador-retries',
  'seldon.io/istio-retries',
  'seldon.io/istio-retries-timeout',
  'seldon.io/ambassador-circuit-breakers-max-connections',
  'seldon.io/ambassador-circuit-breakers-max-pending-requests',
  'seldon.io/ambassador-circuit-breakers-max-requests',
  'seldon.io/ambassador-circuit-breakers-max-retries',
  'seldon.io/svc-name',
  'seldon.io/no-engine',
] as const;

let seed = Number(process.env.SIDEGRAPH_SEED ?? 29_112_026);
let gateway: TestGateway;

before(async () => {
  gateway = await startTestGateway({
    model: (request, response) => {
      request.resume();
      request.on('end', () => response.end('{}'));
    },
  });
  gateway.deploy({ namespace: 'calm', name: 'innocent', predictors: [{ name: 'p' }] });
});
after(() => gateway?.close());

test(`random deployments, seed ${seed}`, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let at = 0; at < PER_ROUND; at += 1) store(makeUp(at));
    const marker = `marker-${round}`;
    gateway.deploy({ namespace: 'calm', name: marker, predictors: [{ name: 'p' }] });
    await until(async () => (await gateway.predict('calm', marker)).status === 200, marker);
    assert.equal((await gateway.predict('calm', 'innocent')).status, 200, `round ${round}`);
    const text = await askControl(gatewayControlSocket(gateway.options.runDir), 'GET', '/served');
    const { refused, deployments, left } = JSON.parse(text) as Served;
    assert.deepEqual(refused, [], `round ${round}`);
    for (const { deployment, notes } of [...deployments, ...left])
      for (const { message } of notes) assert.doesNotMatch(message, /Envoy refuses/, deployment);
  }
  await gateway.restart();
  await until(async () => (await gateway.predict('calm', 'innocent')).status === 200, 'again');
});

interface Served {
  readonly refused: readonly object[];
  readonly deployments: readonly Entry[];
  readonly left: readonly Entry[];
}

interface Entry {
  readonly deployment: string;
  readonly notes: readonly { readonly message: string }[];
}

/** Names are the API server's to check; everything else is as somebody wrote it. */
function makeUp(at: number): { sketch: DeploymentSketch; object: KubeObject } {
  const name = pick(['a', 'b', `m-${at}`, 'a-explainer', 'm.with.dots', 'x'.repeat(200)]);
  const namespace = pick(['demo', 'team', 'constructor']);
  const predictors = Array.from({ length: 1 + dice(4) }, (_, nth) => ({
    name: dice(3) === 0 ? pick(WORDS) : `p${nth}`,
    traffic: pick([0, 1, 50, 100, -5, 1e9, 0.5, Number.NaN] as const),
    shadow: dice(4) === 0,
    pods: ['10.0.0.1'],
    annotations: annotations(3),
  }));
  const sketch = { namespace, name, annotations: annotations(5), predictors };
  const object = sketchDeployment(sketch);
  const spec = object.spec as { predictors: Record<string, unknown>[] };
  for (const predictor of spec.predictors)
    if (dice(2) === 0) predictor['explainer'] = { type: pick(['AnchorTabular', '', 'x']) };
  const metadata = {
    ...object.metadata,
    annotations: annotations(3),
    creationTimestamp: pick(['2026-01-01T00:00:00Z', '2025-01-01T00:00:00Z', '']),
  };
  return { sketch, object: { ...object, metadata } };
}

function store({ sketch, object }: ReturnType<typeof makeUp>): void {
  const services = sketchServices(sketch).map(withKnownName);
  const addresses = ['10.0.0.1', 'fd00::1', 'not-an-address', '127.0.0.1', '10.0.0.256'];
  const slices = services.map((service) => {
    const port = pick([8000, 0, 70_000, -1]);
    return sketchSlice(service, [pick(addresses), pick(addresses)], { http: port, grpc: 5001 });
  });
  gateway.api.put(object, ...services, ...slices);
}

/** As the operator names it: what is no name of a Service would be hashed. */
function withKnownName(service: KubeObject): KubeObject {
  const name = service.metadata.name.replaceAll(/[^a-z0-9-]/g, 'x').slice(0, 63);
  return { ...service, metadata: { ...service.metadata, name } };
}

function annotations(most: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: dice(most + 1) }, () => [pick(ANNOTATIONS), value()]),
  );
}

function value(): string {
  return Array.from({ length: 1 + dice(dice(8) === 0 ? 200 : 3) }, () => pick(WORDS)).join(
    pick([',', '', ', ', ':']),
  );
}

function pick<T>(list: readonly T[]): T {
  return list[dice(list.length)] as T;
}

function dice(sides: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return Math.floor((seed / 2 ** 32) * sides);
}
