// Renders the two native sidecars of a pod: the filter with its agent, then Envoy. One place for the operator's own templates,
// the webhook that injects into others' pods and `sidegraph inject`. They meet the restricted pod security standard, and
// nothing of the pod's network is changed: the Service's target port is Envoy.
import type { Finding } from '../../../graph/manifest/finding.ts';
import { LIMITS } from '../../../graph/plan/limits.ts';
import type { Policy } from '../../../graph/plan/plan.ts';
import { envoyCommand } from '../../../envoy/kit/command.ts';
import {
  ANNOTATIONS,
  CONTAINERS,
  LABELS,
  PATHS,
  PLAN_KEY,
  PORTS,
  VOLUMES,
} from '../../../cluster/names.ts';
import {
  METRICS_PORT_NAME,
  SIDEGRAPH_COMMAND,
  STATUS_PATHS,
  STATUS_PORT_NAME,
} from '../../../cluster/names.ts';
import type { Orchestrator } from '../../../graph/plan/deployment.ts';
import { boundSettings } from './bounds.ts';
import type { SidecarSettings } from './bounds.ts';
import type { Resources, SidecarDefaults } from '../../config/defaults.ts';
import { sidecarLayout } from '../../../cluster/layout.ts';
import { revisionOf } from '../../../cluster/plan-file.ts';
import { parseQuantity } from './quantity.ts';
import { SIDECAR_VERSION_ANNOTATION } from '../../../graph/seldon/annotation-names.ts';

export interface SidecarInput {
  readonly namespace: string;
  readonly deploymentName: string;
  readonly predictor: string;
  /** Name of the ConfigMap with the plan. */
  readonly planConfigMap: string;
  readonly config: SidecarDefaults;
  /** Those of the deployment with the predictor's over them, or of the pod: overrides are read from them. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Where `annotations` stand, for findings. */
  readonly annotationsPath?: string;
  /** What the author allows requests to take. */
  readonly policy: Pick<Policy, 'deadlineMs' | 'restTimeoutMs' | 'grpcTimeoutMs'>;
  /** `svcOrchSpec`: variables and resources that the author gives to the orchestrator, as in a container. */
  readonly orchestrator?: Pick<Orchestrator, 'env'> & Partial<Pick<Orchestrator, 'resources'>>;
  /** Names of the files of its certificate; undefined for plain HTTP. The pod mounts the Secret. */
  readonly certificate?: CertificateFiles | undefined;
}

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface SidecarParts {
  /** Native sidecars (`restartPolicy: Always`), to go after all other init containers. */
  readonly initContainers: readonly ContainerSpec[];
  readonly volumes: readonly object[];
  readonly podAnnotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Long enough for a drain and the longest request; where the pod says nothing itself. */
  readonly terminationGracePeriodSeconds: number;
  /** For containers without a preStop of their own: models must outlive Envoy's drain. */
  readonly preStopForUnits: { readonly sleep: { readonly seconds: number } };
  readonly findings: readonly Finding[];
}

export interface ContainerSpec {
  readonly name: string;
  readonly [field: string]: unknown;
}

const MIB = 1024 * 1024;
/** Time between the end of the longest request and the kill, s. */
const GRACE_SECONDS = 5;
/** How long the requests of an ending pod may take where the author says nothing, s: Kubernetes' own default. */
const LONGEST_REQUEST_SECONDS = 30;
/** How long a container may take to start on a node that has little left for it, s. */
const START_SECONDS = 120;

export function renderSidecar(input: SidecarInput): SidecarParts {
  const { config, annotations, annotationsPath = 'metadata.annotations' } = input;
  const { settings, findings } = boundSettings(annotations, config, annotationsPath);
  return {
    initContainers: [
      renderFilter(input, settings),
      renderEnvoyContainer(config, settings, input.certificate !== undefined),
    ].map((container) => ({ ...container, restartPolicy: 'Always' })),
    volumes: [
      {
        name: VOLUMES.run,
        emptyDir: { medium: 'Memory', sizeLimit: config.runVolumeSize },
      },
      { name: VOLUMES.plan, configMap: { name: input.planConfigMap, defaultMode: 0o444 } },
      { name: VOLUMES.noToken, emptyDir: { medium: 'Memory', sizeLimit: '4Ki' } },
    ],
    podAnnotations: {
      [ANNOTATIONS.planMap]: input.planConfigMap,
      [SIDECAR_VERSION_ANNOTATION]: config.version,
      ...(input.certificate === undefined ? {} : { 'prometheus.io/scheme': 'https' }),
    },
    labels: { [LABELS.injected]: 'true' },
    terminationGracePeriodSeconds: graceSeconds(config.drainSeconds, input.policy),
    preStopForUnits: { sleep: { seconds: config.drainSeconds } },
    findings,
  };
}

/**
 * The longest timeout of a call that the author wrote (it rolls pods by itself), or a deadline above the default. The default
 * deadline does not count: a server that does not end by itself, such as Seldon's Python wrapper, would hold each leaving pod for
 * those five minutes. Nor does a shorter one: it is an edit of the plan, which must roll no pods.
 */
function graceSeconds(drainSeconds: number, policy: SidecarInput['policy']): number {
  const { deadlineMs, restTimeoutMs, grpcTimeoutMs } = policy;
  const boundMs = Math.max(deadlineMs, LIMITS.deadlineMs.default);
  const written = [restTimeoutMs, grpcTimeoutMs].map((ms) => Math.min(ms ?? 0, boundMs));
  const longDeadlineMs = deadlineMs > LIMITS.deadlineMs.default ? deadlineMs : 0;
  const longestMs = Math.max(LONGEST_REQUEST_SECONDS * 1000, longDeadlineMs, ...written);
  return drainSeconds + Math.ceil(longestMs / 1000) + GRACE_SECONDS;
}

/**
 * The same two for a pod that holds nothing else: a pod needs an ordinary container, so Envoy is it. It keeps serving for the
 * length of the drain by itself, since no unit's hook holds its SIGTERM back.
 */
export function renderLoneSidecar(parts: SidecarParts): {
  readonly initContainers: readonly ContainerSpec[];
  readonly containers: readonly ContainerSpec[];
} {
  const containers = parts.initContainers
    .filter(({ name }) => name === CONTAINERS.envoy)
    .map((container) => ({
      ...container,
      // Ordinary containers have none; undefined leaves the JSON.
      restartPolicy: undefined,
      lifecycle: { preStop: parts.preStopForUnits },
    }));
  const initContainers = parts.initContainers.filter(({ name }) => name !== CONTAINERS.envoy);
  return { initContainers, containers };
}

function renderFilter(input: SidecarInput, settings: SidecarSettings): ContainerSpec {
  const { config, orchestrator } = input;
  const field = (name: string, fieldPath: string) => ({
    name,
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
  });
  const own = [
    { name: 'SIDEGRAPH_DEPLOYMENT', value: input.deploymentName },
    { name: 'SIDEGRAPH_PREDICTOR', value: input.predictor },
    field('POD_NAME', 'metadata.name'),
    field('POD_NAMESPACE', 'metadata.namespace'),
    field('NODE_NAME', 'spec.nodeName'),
  ];
  const taken = new Set(own.map(({ name }) => name));
  const asked = (orchestrator?.env ?? []).filter(
    (entry) => !('name' in entry && typeof entry.name === 'string' && taken.has(entry.name)),
  );
  return {
    name: CONTAINERS.filter,
    image: config.images.filter,
    imagePullPolicy: config.imagePullPolicy,
    command: SIDEGRAPH_COMMAND,
    args: [
      'sidecar',
      `--plan=${PATHS.plan}/${PLAN_KEY}`,
      `--run=${PATHS.run}`,
      `--revision=${revisionOf(input.planConfigMap)}`,
      `--status-port=${PORTS.status}`,
      `--live-port=${PORTS.live}`,
      `--concurrency=${settings.concurrency}`,
      `--access-log=${settings.accessLog}`,
      ...memoryOf(settings),
      `--drain-seconds=${config.drainSeconds}`,
      `--log-level=${settings.logLevel}`,
      ...tlsArguments(input.certificate),
    ],
    env: [...asked, ...own],
    ports: [
      { name: STATUS_PORT_NAME, containerPort: PORTS.status, protocol: 'TCP' },
      // Envoy's port under the name by which monitors ask Seldon's orchestrator for its metrics. It is here because an apply takes
      // a port number once a container, and there it is `http`.
      { name: METRICS_PORT_NAME, containerPort: PORTS.http, protocol: 'TCP' },
    ],
    resources: mergeResources(renderResources(settings.filter), orchestrator?.resources),
    startupProbe: probe(STATUS_PATHS.started, PORTS.status, 1, START_SECONDS),
    livenessProbe: lateProbe(STATUS_PATHS.live, PORTS.status),
    // Runs when the pod is told to end, side by side with the units' own, and ends when Envoy is drained. A command and not
    // a request: whoever reaches the status port must not be able to empty the pod.
    lifecycle: {
      preStop: {
        exec: { command: [...SIDEGRAPH_COMMAND, 'sidecar', '--drain', `--run=${PATHS.run}`] },
      },
    },
    securityContext: restricted(config.userId),
    volumeMounts: [
      { name: VOLUMES.run, mountPath: PATHS.run },
      { name: VOLUMES.plan, mountPath: PATHS.plan, readOnly: true },
      NO_TOKEN,
    ],
  };
}

function tlsArguments(files: CertificateFiles | undefined): string[] {
  if (files === undefined) return [];
  const { certificate, key } = files;
  return [`--tls-dir=${PATHS.certificate}`, `--tls-certificate=${certificate}`, `--tls-key=${key}`];
}

/** Envoy's heap is bounded by its container's limit, or the kernel would end it first. */
function memoryOf({ envoy }: SidecarSettings): string[] {
  const bytes = parseQuantity(envoy.memoryLimit);
  return bytes === undefined ? [] : [`--envoy-memory-mib=${Math.floor(bytes / MIB)}`];
}

function renderEnvoyContainer(
  config: SidecarDefaults,
  settings: SidecarSettings,
  isTls: boolean,
): ContainerSpec {
  const scheme = isTls ? 'HTTPS' : 'HTTP';
  const layout = sidecarLayout(settings.concurrency);
  const logLevel = settings.logLevel === 'warn' ? 'warning' : settings.logLevel;
  return {
    name: CONTAINERS.envoy,
    image: config.images.envoy,
    imagePullPolicy: config.imagePullPolicy,
    command: [...envoyCommand(layout, { logLevel, envoyBin: 'envoy' }), ...quietStart(logLevel)],
    ports: [
      { name: 'http', containerPort: PORTS.http, protocol: 'TCP' },
      { name: 'grpc', containerPort: PORTS.grpc, protocol: 'TCP' },
    ],
    resources: renderResources(settings.envoy),
    // No startup probe: what comes after a native sidecar waits for that, and the units need nothing of Envoy to start.
    livenessProbe: lateProbe('/live', PORTS.http, scheme),
    readinessProbe: probe('/ready', PORTS.http, 1, 3, scheme),
    securityContext: restricted(config.userId),
    volumeMounts: [
      { name: VOLUMES.run, mountPath: PATHS.run },
      ...(isTls
        ? [{ name: VOLUMES.certificate, mountPath: PATHS.certificate, readOnly: true }]
        : []),
      NO_TOKEN,
    ],
  };
}

/** The API server mounts the pod's token into each container that has nothing of its own at that path. */
const NO_TOKEN = { name: VOLUMES.noToken, mountPath: PATHS.token, readOnly: true };

/** At `info` Envoy begins with more than a hundred lines of what is built into it, all of its component `main`. */
function quietStart(logLevel: string): readonly string[] {
  return logLevel === 'info' ? ['--component-log-level', 'main:warning'] : [];
}

function probe(
  path: string,
  port: number,
  periodSeconds: number,
  failureThreshold: number,
  scheme = 'HTTP',
) {
  return {
    httpGet: { path, port, scheme },
    periodSeconds,
    failureThreshold,
    timeoutSeconds: 2,
  };
}

/** Of a container that may start slowly: nothing is asked of it in the time that a start may take. */
function lateProbe(path: string, port: number, scheme = 'HTTP') {
  return { ...probe(path, port, 5, 6, scheme), initialDelaySeconds: START_SECONDS };
}

/** The restricted pod security standard, and a root file system that nobody writes. */
function restricted(userId: number | null) {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    ...(userId === null ? {} : { runAsUser: userId, runAsGroup: userId }),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

type ResourceList = Record<string, unknown>;

function renderResources(resources: Resources): { limits: ResourceList; requests: ResourceList } {
  const list = (cpu: string, memory: string): ResourceList => ({
    ...(cpu === '' ? {} : { cpu }),
    ...(memory === '' ? {} : { memory }),
  });
  return {
    limits: list(resources.cpuLimit, resources.memoryLimit),
    requests: list(resources.cpuRequest, resources.memoryRequest),
  };
}

/** What the author wrote goes first; a limit without a request is the request, as for Kubernetes. */
function mergeResources(
  own: { limits: ResourceList; requests: ResourceList },
  asked: Readonly<Record<string, unknown>> | undefined,
): object {
  if (asked === undefined) return own;
  const limits = { ...own.limits, ...listOf(asked['limits']) };
  const requests = {
    ...own.requests,
    ...listOf(asked['limits']),
    ...listOf(asked['requests']),
  };
  // A limit of ours below what is asked for would be refused.
  for (const name of Object.keys(listOf(asked['requests'])))
    if (!(name in listOf(asked['limits']))) delete limits[name];
  return { ...asked, limits, requests };
}

function listOf(value: unknown): ResourceList {
  return value !== null && typeof value === 'object' ? { ...value } : {};
}
