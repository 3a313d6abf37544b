// Names of annotations that a user writes and that several rooms read: the checks, so that they are known, and the operator or the
// gateway, which do what they say. Those of limits are in graph/plan/limits.ts.

/** On a deployment or predictor: settings of its sidecars, each within bounds. */
export const SIDECAR_ANNOTATIONS = {
  accessLog: 'sidegraph.io/access-log',
  envoyConcurrency: 'sidegraph.io/envoy-concurrency',
  envoyCpuLimit: 'sidegraph.io/envoy-cpu-limit',
  envoyCpuRequest: 'sidegraph.io/envoy-cpu-request',
  envoyMemoryLimit: 'sidegraph.io/envoy-memory-limit',
  envoyMemoryRequest: 'sidegraph.io/envoy-memory-request',
  filterCpuLimit: 'sidegraph.io/filter-cpu-limit',
  filterCpuRequest: 'sidegraph.io/filter-cpu-request',
  filterMemoryLimit: 'sidegraph.io/filter-memory-limit',
  filterMemoryRequest: 'sidegraph.io/filter-memory-request',
  logLevel: 'sidegraph.io/log-level',
} as const;

/** On a deployment: the version of the sidecars that is asked for. On a pod template: the one that is in it. */
export const SIDECAR_VERSION_ANNOTATION = 'sidegraph.io/sidecar-version';

export const EXPOSURE_ANNOTATIONS = {
  /** On a deployment: `gateway` (default) or `none`. */
  expose: 'sidegraph.io/expose',
  /** On a deployment: hosts that it is served under, separated by commas; all when absent. */
  hosts: 'sidegraph.io/hosts',
} as const;

export const SELDON_PREFIX = 'seldon.io/';
/** `seldon.io/engine-<x>` is a variable of Seldon's orchestrator. */
export const ENGINE_PREFIX = 'seldon.io/engine-';

/** Seldon's, read by the operator. */
export const SELDON_ANNOTATIONS = {
  headlessService: 'seldon.io/headless-svc',
  /** Read by nobody, and left out of what is made. */
  lastApplied: 'seldon.io/last-applied',
  noEngine: 'seldon.io/no-engine',
  noInitializer: 'seldon.io/no-storage-initializer',
  separatePod: 'seldon.io/engine-separate-pod',
  serviceName: 'seldon.io/svc-name',
} as const;

/** Seldon's for its ingresses: read by the gateway, and by the operator where it makes routes of those ingresses. */
export const INGRESS_ANNOTATIONS = {
  ambassadorConfig: 'seldon.io/ambassador-config',
  ambassadorHeader: 'seldon.io/ambassador-header',
  ambassadorId: 'seldon.io/ambassador-id',
  ambassadorRegexHeader: 'seldon.io/ambassador-regex-header',
  ambassadorRetries: 'seldon.io/ambassador-retries',
  ambassadorServiceName: 'seldon.io/ambassador-service-name',
  istioGateway: 'seldon.io/istio-gateway',
  istioHost: 'seldon.io/istio-host',
  istioRetries: 'seldon.io/istio-retries',
  istioRetriesTimeout: 'seldon.io/istio-retries-timeout',
} as const;
/** With what is bounded behind it: `max-connections` and so on. */
export const BREAKERS_PREFIX = 'seldon.io/ambassador-circuit-breakers-';
