// How long a change of weights takes until a request through the gateway sees it. All of the traffic goes from one predictor to the
// other and back, with steady requests meanwhile; each response names the predictor that gave it.
import { setTimeout as sleep } from 'node:timers/promises';
import { rest } from '../../envoy/testing/clients.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { CANARY, shiftWeights } from './deployments.ts';

const PATH = `/seldon/${CANARY.namespace}/${CANARY.name}/api/v1.0/predictions`;
const GIVE_UP_MS = 30_000;
const BETWEEN_MS = 1_000;

export interface WeightChanges {
  /** From the response of the API server to the patch until the first response of the other predictor, ms. */
  readonly liveMs: readonly number[];
  /** From the patch's sending on, ms. */
  readonly wholeMs: readonly number[];
  /** Requests meanwhile. */
  readonly requests: number;
  /** Those that were not answered with 200. */
  readonly failures: readonly string[];
}

export async function measureWeights(
  client: KubeClient,
  port: number,
  { changes, rate }: { readonly changes: number; readonly rate: number },
): Promise<WeightChanges> {
  const load = startLoad(port, rate);
  const liveMs: number[] = [];
  const wholeMs: number[] = [];
  try {
    await load.until('a');
    for (let at = 0; at < changes; at += 1) {
      const next = at % 2 === 0 ? 'b' : 'a';
      const beganMs = performance.now();
      await shiftWeights(client, next);
      const writtenMs = performance.now();
      await load.until(next);
      liveMs.push(performance.now() - writtenMs);
      wholeMs.push(performance.now() - beganMs);
      await sleep(BETWEEN_MS);
    }
  } finally {
    await load.stop();
  }
  return { liveMs, wholeMs, requests: load.requests(), failures: load.failures };
}

/** One request every 1/rate s, each on a connection of its own, whether the one before is answered or not. */
function startLoad(port: number, rate: number) {
  const failures: string[] = [];
  const running = new Set<Promise<void>>();
  let requests = 0;
  let wanted = '';
  let seen = Promise.withResolvers<void>();
  const ask = async (): Promise<void> => {
    requests += 1;
    try {
      const response = await rest({ port, path: PATH, body: '{"data":{"ndarray":[[1,2]]}}' });
      if (response.status !== 200) failures.push(`${response.status} ${response.text}`);
      else if (response.text === wanted) seen.resolve();
    } catch (error) {
      failures.push(String(error));
    }
  };
  const timer = setInterval(() => {
    const one = ask().finally(() => running.delete(one));
    running.add(one);
  }, 1000 / rate);
  return {
    failures,
    requests: () => requests,
    /** Until a request that is answered from now on is answered by that predictor. */
    async until(predictor: string): Promise<void> {
      seen = Promise.withResolvers<void>();
      wanted = predictor;
      const late = sleep(GIVE_UP_MS, 'late' as const, { ref: false });
      if ((await Promise.race([seen.promise, late])) === 'late')
        throw new Error(
          `${predictor} did not answer in ${GIVE_UP_MS / 1000} s: ${failures.at(-1)}`,
        );
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      await Promise.all(running);
    },
  };
}
