// The names that cross the wire of Kubernetes: annotations, labels, field managers, containers, volumes, ports and paths in
// the pod. Everything that reads or writes an object imports them from here. Seldon's own are beside ours, since its
// images, tools and users' selectors rely on them.
import { commandExecArgv } from '../lib/runtime/exec-argv.ts';

/** On a namespace: `enabled` lets sidecars in. */
export const INJECTION_ANNOTATION = 'sidegraph.io/injection';
export const INJECTION_ENABLED = 'enabled';
/** On a pod made by others: the deployment, or `deployment/predictor`, that it joins. */
export const GRAPH_ANNOTATION = 'sidegraph.io/graph';

export const ANNOTATIONS = {
  /** On each object that we apply: hash of what was applied; it differs when something else is to be. */
  intent: 'sidegraph.io/intent',
  /** On a pod template: the ConfigMap that holds its plan. */
  planMap: 'sidegraph.io/plan-map',
  /** On a pod, patched by the operator: hash of the plan that it should serve; makes the kubelet look again. */
  planHash: 'sidegraph.io/plan-hash',
  /** On a pod, patched by the operator: when it asked once more, since the pod still served an older plan. */
  planNudge: 'sidegraph.io/plan-nudge',
  /** On a Deployment: hash of its template without what a new sidecar version alone changes. */
  templateHash: 'sidegraph.io/template-hash',
} as const;

/** On a gateway pod's ConfigMap: SeldonDeployments up to this resourceVersion are live in its Envoy. */
export const ACKNOWLEDGED_ANNOTATION = 'sidegraph.io/gateway-acknowledged';
/** On the ConfigMaps in which gateway pods say what is live: `true`. */
export const GATEWAY_LABEL = 'sidegraph.io/gateway';
/** Key of such a ConfigMap: JSON list of `namespace/service` that routes or requests still use though no spec names them. */
export const GATEWAY_IN_USE_KEY = 'in-use.json';
/** Another: JSON object of what is not done as a deployment says, in words, by `namespace/name`. */
export const GATEWAY_NOTES_KEY = 'notes.json';

export const LABELS = {
  /** On everything that is made of a SeldonDeployment: its name (hashed when it is no label). */
  deployment: 'sidegraph.io/deployment',
  /** On what belongs to one predictor: its name. */
  predictor: 'sidegraph.io/predictor',
  /** On Deployments and pods: position in `componentSpecs`, or `entry` for a pod that holds sidecars alone. */
  component: 'sidegraph.io/component',
  /** On pods with sidecars: `true`. */
  injected: 'sidegraph.io/injected',
} as const;

export const SELDON_LABELS = {
  app: 'seldon-app',
  appServicePrefix: 'seldon-app-svc-',
  /** On a SeldonDeployment: the operator that is to handle it; Seldon's own leaves those that name another. */
  controllerId: 'seldon.io/controller-id',
  deployment: 'seldon-deployment-id',
  explainer: 'seldon.io/explainer',
  orchestrator: 'seldon-deployment-contains-svcorch',
  managedBy: 'app.kubernetes.io/managed-by',
  shadow: 'seldon.io/shadow',
} as const;

/** Seldon's own value: its tools select on it. */
export const MANAGED_BY = 'seldon-core';

export const FIELD_MANAGERS = {
  /** Applies the children. */
  children: 'sidegraph',
  /** What is live at a gateway pod. */
  gateway: 'sidegraph-gateway',
  /** Owns `spec.replicas` of Deployments that an autoscaler scales. */
  replicas: 'sidegraph-replicas',
  status: 'sidegraph-status',
} as const;

export const CONTAINERS = { envoy: 'sidegraph-envoy', filter: 'sidegraph-filter' } as const;

/** How the filter's image starts `sidegraph`; it may be without a shell. */
export const SIDEGRAPH_COMMAND = [
  '/usr/local/bin/node',
  ...commandExecArgv,
  '--import=/app/lib/runtime/compile-cache.mjs',
  '/app/cli/main.ts',
] as const;

/** Ports of a pod with sidecars; `http` and `grpc` are those of Seldon's orchestrator. */
export const PORTS = { http: 8000, grpc: 5001, status: 15_020, live: 15_025 } as const;
/** On the live port, which listens on the pod's loopback address alone: samples as server-sent events. */
export const LIVE_PATH = '/live';
/** On the filter's status port, which only reads; `plan` answers `{"hash":"…"}`, the plan that is served now. */
export const STATUS_PATHS = {
  live: '/live',
  metrics: '/metrics',
  plan: '/plan',
  ready: '/ready',
  started: '/started',
  status: '/status',
} as const;
export const STATUS_PORT_NAME = 'sg-status';
/** Seldon's: its orchestrator answers `/prometheus` on a port of that name. */
export const METRICS_PORT_NAME = 'metrics';

export const VOLUMES = {
  /** Seldon's: the certificate of `predictors[].ssl`. */
  certificate: 'seldon-cert-volume',
  /** Empty, where a container would find the pod's service-account token. */
  noToken: 'sidegraph-no-token',
  plan: 'sidegraph-plan',
  podinfo: 'seldon-podinfo',
  run: 'sidegraph-run',
} as const;

export const PATHS = {
  certificate: '/cert',
  models: '/mnt/models',
  plan: '/etc/sidegraph/plan',
  podinfo: '/etc/podinfo',
  pvc: '/mnt/pvc',
  run: '/run/sidegraph',
  /** A container that mounts something here is given no token. */
  token: '/var/run/secrets/kubernetes.io/serviceaccount',
} as const;

/** The key of a plan's ConfigMap; it holds a DeploymentPlan with the one predictor. */
export const PLAN_KEY = 'plan.json';
