// The requests of each deployment as Prometheus' families, from the histograms that Envoy keeps (gateway/config/request-stats.ts).
// Nothing is kept here: a page says what Envoy says, and what is served.
import {
  CODE_CLASSES,
  type CodeClass,
  codeClassOf,
  REQUEST_BUCKETS,
  REQUEST_STATS,
} from '../config/request-stats.ts';
import type { MetricFamily } from '../../lib/kube/registry.ts';

/** The two names of a deployment. Not `namespace` and `name`: Prometheus has those of the gateway's own pod. */
const DEPLOYMENT_LABELS = ['deployment_namespace', 'deployment_name'];

const FAMILIES = {
  requests: {
    name: 'sidegraph_gateway_requests_total',
    type: 'counter',
    help: 'Requests of deployments by class of status, that of the HTTP status or 2xx, 4xx and 5xx by the gRPC status; none: the client left before there was one.',
    labels: [...DEPLOYMENT_LABELS, 'code_class'],
  },
  seconds: {
    name: 'sidegraph_gateway_request_seconds',
    type: 'histogram',
    help: 'Time from the first byte of a request to the last of its response.',
    labels: DEPLOYMENT_LABELS,
  },
  unserved: {
    name: 'sidegraph_gateway_unserved_requests_total',
    type: 'counter',
    help: 'Requests under whose path, host and headers no deployment is served.',
    labels: [],
  },
  uncounted: {
    name: 'sidegraph_gateway_uncounted_requests_total',
    type: 'counter',
    help: 'Requests of deployments that are not counted, for want of room for their series.',
    labels: [],
  },
  series: {
    name: 'sidegraph_gateway_request_series',
    type: 'gauge',
    help: 'Deployments times statuses whose requests are counted now.',
    labels: [],
  },
  limit: {
    name: 'sidegraph_gateway_request_series_limit',
    type: 'gauge',
    help: 'The most of them that there may be.',
    labels: [],
  },
} satisfies Readonly<Record<string, MetricFamily>>;

/** Without their values, for the docs. */
export function describeRequestMetrics(): readonly MetricFamily[] {
  return Object.values(FAMILIES);
}

interface Deployment {
  readonly byClass: Map<CodeClass, number>;
  /** Requests in each bucket or one before it; the last is all. */
  readonly cumulative: Float64Array;
  sumSeconds: number;
}

/** What Envoy says of requests, by `namespace/name`; '' is what no deployment got. */
export class RequestCounts {
  readonly #deployments = new Map<string, Deployment>();
  series = 0;
  uncounted = 0;

  /** One line of Envoy's page; false where it is of something else. */
  read(line: string): boolean {
    if (line.includes(FAMILY_IN_ENVOY)) {
      const [, part, key, status, le = '', value] = SERIES.exec(line) ?? [];
      if (key !== undefined && status !== undefined)
        this.#add(this.#deploymentOf(key), codeClassOf(status), `${part}${le}`, Number(value));
      return true;
    }
    if (!line.includes(OVERFLOW_IN_ENVOY)) return false;
    const [, count] = OVERFLOW.exec(line) ?? [];
    if (count !== undefined) this.uncounted = Number(count);
    return true;
  }

  /** `part`: `sum`, `count`, or `bucket` and its bound. */
  #add(deployment: Deployment, codeClass: CodeClass, part: string, value: number): void {
    const { byClass, cumulative } = deployment;
    if (part === 'count') {
      this.series += 1;
      byClass.set(codeClass, (byClass.get(codeClass) ?? 0) + value);
    }
    // A client that left before the response has no time that means anything.
    if (codeClass === 'none') return;
    if (part === 'sum') deployment.sumSeconds += value / MICROSECONDS;
    const at = BUCKET_PARTS.indexOf(part);
    if (at >= 0) cumulative[at] = (cumulative[at] ?? 0) + value;
  }

  /** `served`: `namespace/name` of what has to be on the page, requests or not. */
  render(served: Iterable<string>, limit: number): string {
    const names = [...this.#deployments.keys()].filter((key) => key !== '');
    const without = [...served].filter((key) => !this.#deployments.has(key));
    // With requests they come first; those without have no histogram, and are no more than there is room for.
    const quiet = without.sort().slice(0, Math.max(0, limit - names.length));
    const rows = names.sort().map((key) => ({ labels: labelsOf(key), ...this.#deploymentOf(key) }));
    const unserved = [...(this.#deployments.get('')?.byClass.values() ?? [])];
    return [
      ...family(FAMILIES.requests, [
        ...rows.flatMap(({ labels, byClass }) =>
          CODE_CLASSES.filter((each) => byClass.has(each)).map(
            (each) => `{${labels},code_class="${each}"} ${byClass.get(each)}`,
          ),
        ),
        // A counter that begins with its first request loses that one for rates.
        ...quiet.map((key) => `{${labelsOf(key)},code_class="2xx"} 0`),
      ]),
      ...family(
        FAMILIES.seconds,
        rows.flatMap(({ labels, cumulative, sumSeconds }) => [
          ...[...cumulative].map((count, index) => {
            const le = REQUEST_BUCKETS[index] ?? '+Inf';
            return `_bucket{${labels},le="${le}"} ${count}`;
          }),
          `_sum{${labels}} ${sumSeconds}`,
          `_count{${labels}} ${cumulative.at(-1)}`,
        ]),
      ),
      ...family(FAMILIES.unserved, [` ${unserved.reduce((sum, each) => sum + each, 0)}`]),
      ...family(FAMILIES.uncounted, [` ${this.uncounted}`]),
      ...family(FAMILIES.series, [` ${this.series}`]),
      ...family(FAMILIES.limit, [` ${limit}`]),
      '',
    ].join('\n');
  }

  #deploymentOf(key: string): Deployment {
    let deployment = this.#deployments.get(key);
    if (deployment === undefined) {
      deployment = {
        byClass: new Map(),
        cumulative: new Float64Array(REQUEST_BUCKETS.length + 1),
        sumSeconds: 0,
      };
      this.#deployments.set(key, deployment);
    }
    return deployment;
  }
}

const MICROSECONDS = 1e6;
/** As Envoy writes the bounds. */
const BUCKET_PARTS = [
  ...REQUEST_BUCKETS.map((bound) => String(Math.round(bound * MICROSECONDS))),
  '+Inf',
].map((bound) => `bucket${bound}`);
const FAMILY_IN_ENVOY = `envoy_${REQUEST_STATS.prefix}_${REQUEST_STATS.histogram}`;
const SERIES = new RegExp(
  `^${FAMILY_IN_ENVOY}_(bucket|sum|count)\\{${REQUEST_STATS.deploymentTag}="([^"]*)",` +
    `${REQUEST_STATS.statusTag}="([^"]*)"(?:,le="([^"]*)")?\\} (\\S+)$`,
);
/** Envoy's count of what met the bound of a scope. Only the scope of these has one. */
const OVERFLOW_IN_ENVOY = 'envoy_server_stats_overflow_histogram';
const OVERFLOW = new RegExp(`^${OVERFLOW_IN_ENVOY}\\{\\} (\\d+)$`);

/** Names of objects need no escaping. */
function labelsOf(key: string): string {
  const [namespace, name] = key.split('/', 2);
  return `deployment_namespace="${namespace}",deployment_name="${name}"`;
}

function family({ name, type, help }: MetricFamily, samples: readonly string[]): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map((each) => name + each),
  ];
}
