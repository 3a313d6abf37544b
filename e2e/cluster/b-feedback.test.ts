// Feedback by puid between two pods of one graph, through the gateway: with the header `sidegraph-pod` each finds the pod that remembers its
// request; without it, that pod or another one, which says that it knows nothing of it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { callGrpc } from '../stand-in/grpc.ts';
import {
  answers,
  createNamespace,
  deleteNamespace,
  deploy,
  FLOWER,
  GATEWAY,
  installChart,
  predict,
} from './harness/cluster.ts';
import { iris, seldonDeployment } from './harness/graphs.ts';
import { whyNoCluster } from './harness/kubectl.ts';
import { type HttpResponse, post } from './harness/load.ts';
import { podsOf } from './harness/pods.ts';

const NAMESPACE = 'feedback';
const NAME = 'bandit';
const FEEDBACK = `/seldon/${NAMESPACE}/${NAME}/api/v1.0/feedback`;
const REWARD = 0.5;
const SENT = 40;

/** Draws a branch for each request, so that both learn. */
function bandit(): object {
  return seldonDeployment(NAME, [
    {
      name: 'main',
      replicas: 2,
      graph: {
        name: 'chooser',
        model: 'Bandit',
        type: 'ROUTER',
        graphParameters: [{ name: 'epsilon', value: '1', type: 'FLOAT' }],
        children: [iris('logistic', 'one'), iris('bayes', 'two')],
      },
    },
  ]);
}

interface Served {
  readonly puid: string;
  /** `predictor/pod`. */
  readonly pod: string;
}

describe('feedback by puid', { skip: whyNoCluster() }, () => {
  before(async () => {
    await installChart();
    await createNamespace(NAMESPACE);
    await deploy(NAMESPACE, bandit(), 240_000);
    await answers(NAMESPACE, NAME);
  });
  after(() => deleteNamespace(NAMESPACE));

  test('with the header of the response every feedback finds its pod, once', async () => {
    const served = await serve(SENT);
    const pods = (await podsOf(NAMESPACE, NAME)).map(({ name }) => `main/${name}`).toSorted();
    assert.equal(pods.length, 2);
    assert.deepEqual([...new Set(served.map(({ pod }) => pod))].toSorted(), pods);
    const before = await countFeedback();
    for (const each of served) assert.equal(said(await give(each.puid, each.pod)), '200');
    for (const each of served.slice(0, 4))
      assert.equal(said(await give(each.puid, each.pod)), '409 FEEDBACK_DUPLICATE');
    const after = await countFeedback();
    for (const name of pods) {
      const mine = served.filter(({ pod }) => pod === name).length;
      const rise = (result: string): number =>
        (after.get(`${name} ${result}`) ?? 0) - (before.get(`${name} ${result}`) ?? 0);
      assert.equal(rise('given'), mine, `${name} took its own`);
      assert.equal(rise('unknown'), 0, `${name} was asked for its own alone`);
      assert.ok(Math.abs(rise('reward') - mine * REWARD) < 1e-9, 'the router got each reward');
    }
  });

  test('without it a feedback is taken or unknown, and taken by repeating it', async () => {
    const served = await serve(SENT);
    const before = await countFeedback();
    let known = 0;
    let repeats = 0;
    for (const { puid } of served) {
      let outcome = said(await give(puid));
      if (outcome === '200') known += 1;
      for (let left = 50; outcome === '404 FEEDBACK_UNKNOWN' && left > 0; left--) {
        repeats += 1;
        outcome = said(await give(puid));
      }
      assert.equal(outcome, '200', puid);
    }
    // Within four standard deviations of a half.
    assert.ok(
      Math.abs(known - SENT / 2) <= 2 * Math.sqrt(SENT),
      `${known} of ${SENT} found their pod`,
    );
    const after = await countFeedback();
    const rise = (result: string): number => sum(after, result) - sum(before, result);
    assert.equal(rise('given'), SENT);
    assert.equal(rise('unknown'), repeats);
  });

  test('over gRPC the header is metadata', async () => {
    const address = `${GATEWAY.host}:${GATEWAY.port}`;
    for (const { puid, pod } of await serve(8)) {
      const request = { response: { meta: { puid } }, reward: REWARD };
      const headers = { seldon: NAME, namespace: NAMESPACE, 'sidegraph-pod': pod };
      const method = 'seldon.protos.Seldon/SendFeedback';
      await callGrpc(address, 'prediction.proto', method, request, headers);
      assert.equal(said(await give(puid, pod)), '409 FEEDBACK_DUPLICATE');
    }
  });

  test('a page of another origin may send and read what feedback needs', async () => {
    const url = `http://${GATEWAY.host}:${GATEWAY.port}${FEEDBACK}`;
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://shop.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,sidegraph-pod',
      },
    });
    assert.equal(preflight.status, 200);
    assert.equal(preflight.headers.get('access-control-allow-origin'), '*');
    const names = (header: string | null): string[] => (header ?? '').toLowerCase().split(', ');
    const allowed = names(preflight.headers.get('access-control-allow-headers'));
    for (const name of ['content-type', 'seldon-puid', 'seldon-routing', 'sidegraph-pod'])
      assert.ok(allowed.includes(name), name);
    const { headers } = await predict(NAMESPACE, NAME);
    const exposed = names(String(headers['access-control-expose-headers']));
    for (const name of ['seldon-puid', 'seldon-routing', 'sidegraph-pod', 'sidegraph-error'])
      assert.ok(exposed.includes(name), name);
  });
});

/** Predictions, until there are so many and both pods gave some. */
async function serve(count: number): Promise<readonly Served[]> {
  const served: Served[] = [];
  while (served.length < count) {
    const { status, text, headers } = await predict(NAMESPACE, NAME, FLOWER);
    assert.equal(status, 200, text);
    served.push({
      puid: String(headers['seldon-puid']),
      pod: String(headers['sidegraph-pod']),
    });
  }
  return served;
}

function give(puid: string, pod?: string): Promise<HttpResponse> {
  const body = JSON.stringify({ puid, reward: REWARD, request: { data: { ndarray: [[]] } } });
  const headers = pod === undefined ? {} : { 'sidegraph-pod': pod };
  return post({ ...GATEWAY, path: FEEDBACK, body, headers });
}

/** `200`, or the status and the code. */
function said({ status, text, headers }: HttpResponse): string {
  const code = headers['sidegraph-error'];
  if (status === 200) return '200';
  return code === undefined ? `${status} ${text}` : `${status} ${String(code)}`;
}

/** Of each pod, by `main/pod result`: feedback by puid, and as `reward` the sum of what reached the router. */
async function countFeedback(): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { name, ip } of await podsOf(NAMESPACE, NAME)) {
    const text = await (await fetch(`http://${ip}:8000/prometheus`)).text();
    for (const [, result, value] of text.matchAll(
      /^sidegraph_feedback_by_puid_total\{[^}]*result="(\w+)"[^}]*\} (\S+)$/gm,
    ))
      counts.set(`main/${name} ${result}`, Number(value));
    const reward =
      /^seldon_api_model_feedback_reward_total\{[^}]*model_name="chooser"[^}]*\} (\S+)$/m;
    counts.set(`main/${name} reward`, Number(reward.exec(text)?.[1] ?? 0));
  }
  return counts;
}

function sum(counts: ReadonlyMap<string, number>, result: string): number {
  let all = 0;
  for (const [name, count] of counts) if (name.endsWith(` ${result}`)) all += count;
  return all;
}
