// The webhooks as a process of their own beside a real API server, and somebody who reaches their port and sends reviews that are meant to
// stop them: health checks and the reviews of others are answered in time all the while, and each of these reviews is refused.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import https from 'node:https';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { freePort } from '../harness/ports.ts';
import { type ApiServer, startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { NAMESPACE, SECRET } from './admission-harness.ts';
import { applyCrd } from './apply-crd.ts';

const PROGRAM = fileURLToPath(new URL('../../operator/admission/main.ts', import.meta.url));
const PATH = '/validate-machinelearning-seldon-io-v1-seldondeployment';
const START_MS = 30_000;
/** A kubelet waits a second for a probe. */
const HEALTH_MS = 1000;
/** An API server waits as long for a webhook unless it is told otherwise. */
const REVIEW_MS = 10_000;
const REVIEWS = 4;

interface Said {
  readonly status: number;
  readonly body: string;
  readonly ms: number;
}

interface Verdict {
  readonly response: { readonly allowed: boolean };
}

function unit(more: object): object {
  const endpoint = { service_host: '127.0.0.1', httpPort: 9000 };
  return { name: 'u', type: 'MODEL', endpoint, ...more };
}

function chain(depth: number): object {
  let below = unit({});
  for (let at = 0; at < depth; at++)
    below = { name: `t${at}`, type: 'TRANSFORMER', children: [below] };
  return below;
}

/** Each is over a check's bound, so none may be let in. */
const HOSTILE: Readonly<Record<string, object>> = {
  'a number of 150,000 digits that is none': {
    predictors: [
      {
        name: 'm',
        graph: unit({
          parameters: [{ name: 'p', type: 'FLOAT', value: `${'1'.repeat(150_000)}e` }],
        }),
      },
    ],
  },
  '20,000 predictors of one name': {
    predictors: Array.from({ length: 20_000 }, () => ({ name: 'p', graph: unit({}) })),
  },
  '900 units one below the other': { predictors: [{ name: 'p', graph: chain(900) }] },
};

describe('a review that is meant to stop the webhooks', { skip: whyNoKube() }, () => {
  let api: ApiServer;
  let webhooks: ChildProcess;
  let port = 0;
  let healthPort = 0;

  before(async () => {
    api = await startApiServer();
    const client = new KubeClient(api.config());
    await applyCrd(client);
    const named = (kind: string, metadata: KubeObject['metadata']) => ({
      apiVersion: 'v1',
      kind,
      metadata,
    });
    await client.create(named('Namespace', { name: NAMESPACE }), { manager: 'test' });
    const secret = named('Secret', { name: SECRET, namespace: NAMESPACE });
    await client.create({ ...secret, type: 'Opaque' }, { manager: 'test' });
    port = await freePort();
    healthPort = await freePort();
    const args = Object.entries({
      namespace: NAMESPACE,
      replica: 'one',
      listen: `127.0.0.1:${port}`,
      'health-port': healthPort,
      secret: SECRET,
      'log-level': 'error',
    }).map(([name, value]) => `--${name}=${value}`);
    webhooks = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', PROGRAM, ...args],
      { env: { ...process.env, KUBECONFIG: api.kubeconfig }, stdio: 'inherit' },
    );
    const endMs = performance.now() + START_MS;
    const ready = async () => (await health('/readyz').catch(() => undefined))?.status === 200;
    while (!(await ready())) {
      assert.ok(webhooks.exitCode === null && performance.now() < endMs, 'the webhooks are ready');
      await sleep(50);
    }
  });

  after(async () => {
    webhooks?.kill('SIGKILL');
    await api?.stop();
  });

  for (const [name, spec] of Object.entries(HOSTILE)) {
    test(`${name}: others are answered meanwhile, and it is refused`, async () => {
      let over = false;
      const probes = repeat(
        () => health('/healthz'),
        () => over,
      );
      const others = repeat(
        () => review(sound('demo')),
        () => over,
      );
      const all = await Promise.all(Array.from({ length: REVIEWS }, () => review(hostile(spec))));
      over = true;
      assert.ok(all.some(({ status }) => status === 200));
      for (const said of all) {
        // 503: too many bytes of reviews under way.
        if (said.status !== 503) assert.equal(isAllowed(said), false, said.body);
        assert.ok(said.ms < REVIEW_MS, `${said.ms} ms`);
      }
      const seen = await probes;
      for (const probe of seen) assert.equal(probe.status, 200);
      const slowest = Math.max(...seen.map((probe) => probe.ms));
      assert.ok(slowest < HEALTH_MS, `/healthz after ${slowest} ms`);
      for (const other of await others) {
        assert.equal(isAllowed(other), true, other.body);
        assert.ok(other.ms < REVIEW_MS, `another review after ${other.ms} ms`);
      }
    });
  }

  function health(path: string): Promise<Said> {
    const began = performance.now();
    return fetch(`http://127.0.0.1:${healthPort}${path}`).then(async (response) => ({
      status: response.status,
      body: await response.text(),
      ms: performance.now() - began,
    }));
  }

  function review(body: string): Promise<Said> {
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const asked = https.request(
        {
          host: '127.0.0.1',
          port,
          path: PATH,
          method: 'POST',
          rejectUnauthorized: false,
          agent: false,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (piece: string) => {
            text += piece;
          });
          response.on('end', () => {
            const ms = performance.now() - began;
            resolve({ status: response.statusCode ?? 0, body: text, ms });
          });
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }
});

/** One after the other until it is over; at least one. */
async function repeat(once: () => Promise<Said>, isOver: () => boolean): Promise<Said[]> {
  const all: Said[] = [];
  do {
    all.push(await once());
    await sleep(20);
  } while (!isOver());
  return all;
}

function isAllowed({ body }: Said): boolean {
  const { response } = JSON.parse(body) as Verdict;
  return response.allowed;
}

function sound(namespace: string): string {
  return renderReview(namespace, {
    predictors: [{ name: 'p', graph: unit({}) }],
  });
}

function hostile(spec: object): string {
  return renderReview('hostile', spec);
}

function renderReview(namespace: string, spec: object): string {
  const group = 'machinelearning.seldon.io';
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '1',
      operation: 'CREATE',
      namespace,
      name: 'd',
      kind: { group, version: 'v1', kind: 'SeldonDeployment' },
      resource: { group, version: 'v1', resource: 'seldondeployments' },
      object: {
        apiVersion: `${group}/v1`,
        kind: 'SeldonDeployment',
        metadata: { name: 'd', namespace },
        spec,
      },
    },
  });
}
