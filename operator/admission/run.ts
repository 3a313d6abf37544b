// One replica of the webhooks: certificates, caches, the server, and the leader's part. Runs until the signal fires; the server
// then ends what it is answering, which endpoints have been told of before.
import type { Log } from '../../lib/runtime/log.ts';
import { sleep } from '../../lib/kube/backoff.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import type { PooledKubeConfig } from '../../lib/kube/config.ts';
import { describeError } from '../../lib/kube/error.ts';
import { startHealthServer } from '../../lib/kube/health.ts';
import { LeaseElector } from '../../lib/kube/lease.ts';
import { registerKubeMetrics } from '../../lib/kube/metrics.ts';
import { type Counter, type Histogram, Registry } from '../../lib/kube/registry.ts';
import { ThreadReader } from '../read/thread-reader.ts';
import type { OperatorConfig } from '../config/workload-config.ts';
import { CertificateKeeper } from '../certificates/keeper.ts';
import { MountedCertificate } from '../certificates/mounted.ts';
import type { KeyPair, Lifetimes } from '../certificates/make.ts';
import { LIFETIMES } from '../certificates/make.ts';
import type { RotationTimes } from '../certificates/rotation.ts';
import { checkTimes, ROTATION_TIMES } from '../certificates/rotation.ts';
import { watchCluster } from './cluster-view.ts';
import type { AdmissionOptions } from './options.ts';
import { startAdmissionServer } from './server.ts';
import type { Webhook } from './server.ts';
import { mutatePodReview, validateReview } from './webhooks.ts';
import type { WebhookContext } from './webhooks.ts';

export const REVIEW_PATHS = {
  validate: '/validate-machinelearning-seldon-io-v1-seldondeployment',
  mutatePods: '/mutate-pods',
} as const;

export interface RunAdmission {
  readonly options: AdmissionOptions;
  readonly config: OperatorConfig;
  readonly kube: PooledKubeConfig;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly lifetimes?: Lifetimes;
  readonly times?: RotationTimes;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** Told when reviews are answered. */
  readonly onListening?: (ports: { readonly port: number; readonly healthPort: number }) => void;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** How long the API server and its proxies may take to hear that we are going. */
const LEAVE_MS = 3_000;
const FIRST_TRY_MS = 500;
/** Of one object; the API server waits for 5 s by default, with what waits before it. */
const READING = { cpuMs: 1_500, wallMs: 4_000, maxWaiting: 64 };

/** What the webhooks count of reviews. */
export function registerReviewMetrics(registry: Registry): {
  readonly reviews: Counter;
  readonly seconds: Histogram;
} {
  return {
    reviews: registry.counter(
      'sidegraph_admission_reviews_total',
      'Reviews by webhook and outcome.',
      'webhook',
      'outcome',
    ),
    seconds: registry.histogram(
      'sidegraph_admission_review_seconds',
      'Time to answer a review.',
      SECONDS,
      'webhook',
    ),
  };
}

export async function runAdmission(run: RunAdmission): Promise<void> {
  const { options, config, log, signal, now = () => Date.now() } = run;
  const { lifetimes = LIFETIMES, times = ROTATION_TIMES } = run;
  const wrong = checkTimes(lifetimes, times);
  if (wrong !== undefined) throw new Error(wrong);
  const registry = new Registry();
  const metrics = registerKubeMetrics(registry);
  const { reviews, seconds } = registerReviewMetrics(registry);
  const client = new KubeClient(run.kube, {
    userAgent: 'sidegraph-admission',
    metrics: metrics.rest,
  });
  const { namespace, replica, hosts, configurationName, secretName, leaseName: name } = options;
  const cluster = watchCluster({
    client,
    injectionAnnotation: config.injectionAnnotation,
    log,
    metrics: metrics.watch,
  });
  const { certificateDir } = options;
  const keeper =
    certificateDir === undefined
      ? new CertificateKeeper({
          client,
          namespace,
          secretName,
          configurationName,
          replica,
          hosts,
          lifetimes,
          times,
          log,
          now,
          metrics: metrics.watch,
        })
      : new MountedCertificate(certificateDir, log);
  const reader = new ThreadReader({ ...READING, log });
  const context: WebhookContext = { cluster, config, reader };
  const webhooks: Record<string, Webhook> = {
    [REVIEW_PATHS.validate]: (review) => validateReview(review, context),
    [REVIEW_PATHS.mutatePods]: (review) => mutatePodReview(review, context),
  };
  const readiness = (): string | undefined => {
    if (signal.aborted) return 'going';
    return cluster.hasSynced && keeper.hasSynced
      ? undefined
      : 'the caches and the certificate are not there yet';
  };
  const certificate = await firstCertificate(keeper, log, signal);
  if (certificate === undefined) return;
  const server = await startAdmissionServer({
    host: options.host,
    port: options.port,
    certificate,
    webhooks,
    health: readiness,
    log,
    observe(path, outcome, ms) {
      reviews.add(1, path, outcome);
      seconds.observe(ms / 1000, path);
    },
  });
  const ready = { admission: readiness };
  const health = await startHealthServer({
    port: options.healthPort,
    registry,
    healthy: {},
    ready,
  });
  const elector = new LeaseElector({
    client,
    namespace,
    name,
    identity: replica,
    log,
    leader: metrics.leader,
  });
  // Certificates and caches go on while the server ends its work.
  const ending = new AbortController();
  const working = [
    keeper.run(ending.signal, (leaf) => server.swap(leaf)),
    cluster.run(ending.signal),
    // One of the replicas rotates; a certificate of another program needs nobody.
    ...(certificateDir === undefined
      ? [
          elector.run(signal, async (term) => {
            keeper.setLeader(true);
            await aborted(term);
            keeper.setLeader(false);
          }),
        ]
      : []),
  ];
  log.info({ port: server.port, health: health.port, replica }, 'listening');
  run.onListening?.({ port: server.port, healthPort: health.port });
  await aborted(signal);
  await sleep(LEAVE_MS);
  await server.close();
  ending.abort();
  await Promise.all([...working, health.close(), reader.close()]);
}

/** Without the API server there is nothing to admit: tried until it is there. */
async function firstCertificate(
  keeper: CertificateKeeper | MountedCertificate,
  log: Log,
  signal: AbortSignal,
): Promise<KeyPair | undefined> {
  for (let tries = 0; !signal.aborted; tries += 1) {
    try {
      return await keeper.load();
    } catch (error) {
      log.warn({ error: describeError(error) }, 'no certificate yet');
      await sleep(FIRST_TRY_MS * 2 ** Math.min(tries, 5), signal);
    }
  }
  return undefined;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
