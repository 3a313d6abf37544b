// Renders an explainer: a Deployment and a Service of its own under Seldon's names, which ask the predictor's Service. Seldon's server
// is told by arguments, MLServer's runtime (protocol v2) by its environment. What the user wrote of the container stays.
import { DIALECTS } from '../../dialects/known/dialects.ts';
import type { Explainer } from '../../graph/plan/deployment.ts';
import { isPlainObject, objectsAt, textAt } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { explainerArguments, explainerEnvironment } from '../../graph/seldon/explainer-start.ts';
import type { ExplainerPlace } from '../../graph/seldon/explainer-start.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { PATHS, SELDON_LABELS } from '../../cluster/names.ts';
import { podAnnotations } from './annotations.ts';
import { explainerLabels, objectLabels } from './labels.ts';
import type { Labels } from './labels.ts';
import {
  initializerName,
  modelMounts,
  modelVolumes,
  renderInitializer,
} from './model-initializer.ts';
import type { DeploymentsInput } from './render-deployment.ts';
import { renderOwnDeployment } from './render-deployment.ts';
import { defaultUser } from './render-pod.ts';
import type { PodTemplate } from './render-pod.ts';
import { predictorPorts, renderService } from './render-services.ts';
import type { ContainerSpec } from './sidecar/render-sidecar.ts';

/** Seldon's own: an explainer takes long to load and longer to answer. */
const PROBE = { periodSeconds: 5, successThreshold: 1, timeoutSeconds: 1 };
const START_SECONDS = 1800;
const LIVENESS_FAILURES = 5;
const READINESS_FAILURES = 7;

export interface RenderedExplainer {
  readonly objects: readonly KubeObject[];
  readonly deploymentName: string;
  readonly serviceName: string;
}

/** `name` is that of both objects. */
export function renderExplainer(
  input: DeploymentsInput,
  explainer: Explainer,
  name: string,
): RenderedExplainer {
  const { deployment, placed } = input;
  const labelsOf = (own: string): Labels => explainerLabels(deployment.name, placed, name, own);
  const { object, deploymentName } = renderOwnDeployment(input, {
    name,
    selector: {
      [SELDON_LABELS.deployment]: labelsOf(name)[SELDON_LABELS.deployment] ?? '',
      [SELDON_LABELS.app]: name,
    },
    labelsOf,
    template: (labels) => renderTemplate(input, explainer, name, labels),
    replicas: placed.predictor.replicas === 0 ? 0 : (explainer.replicas ?? 1),
  });
  const { http, grpc } = explainer.container.ports;
  const service = renderService({
    name,
    labels: {
      ...objectLabels(deployment.name, placed.predictor.name),
      [SELDON_LABELS.app]: name,
      [SELDON_LABELS.explainer]: 'true',
    },
    annotations: {},
    selector: { [SELDON_LABELS.app]: name },
    // Seldon's server answers by REST alone.
    ports: { http, grpc: speaksV2(input) ? grpc : http },
    headless: false,
  });
  return { objects: [object, service], deploymentName, serviceName: name };
}

function renderTemplate(
  input: DeploymentsInput,
  explainer: Explainer,
  name: string,
  labels: Labels,
): PodTemplate {
  const { deployment, placed, config } = input;
  const { raw } = explainer;
  const container = textAt(raw, 'name') || name;
  const initializer = renderInitializer(container, explainer, config);
  const account = explainer.serviceAccountName;
  return {
    metadata: { labels, annotations: podAnnotations(deployment.specAnnotations, placed.predictor) },
    spec: {
      containers: [renderContainer(input, explainer, raw, container, name)],
      ...(initializer === undefined
        ? {}
        : {
            initContainers: [{ ...initializer, name: initializerName(container) }],
            volumes: modelVolumes(container, explainer),
          }),
      ...(account === '' ? {} : { serviceAccountName: account }),
      ...defaultUser({}, config),
    },
  };
}

function renderContainer(
  input: DeploymentsInput,
  explainer: Explainer,
  raw: JsonObject,
  container: string,
  name: string,
): ContainerSpec {
  const { config } = input;
  const isV2 = speaksV2(input);
  const { http, grpc } = explainer.container.ports;
  const written = objectsAt(raw, 'env');
  const place = placeOf(input, explainer);
  const env = Object.entries(isV2 ? explainerEnvironment(explainer, place, name) : {}).map(
    ([variable, value]) => ({ name: variable, value }),
  );
  const offered = env.filter((own) => !written.some((entry) => entry['name'] === own.name));
  return {
    ...(isV2 ? {} : { args: explainerArguments(explainer, place) }),
    ...raw,
    name: container,
    image: textAt(raw, 'image') || (isV2 ? config.images.explainerV2 : config.images.explainer),
    imagePullPolicy: textAt(raw, 'imagePullPolicy') || 'IfNotPresent',
    ...(written.length + offered.length > 0 ? { env: [...written, ...offered] } : {}),
    ports: renderPorts(raw, isV2 ? { http, grpc } : { http }),
    ...renderProbes(raw, http, isV2),
    volumeMounts: [...objectsAt(raw, 'volumeMounts'), ...modelMounts(container, explainer)],
  };
}

/** What the predictor is called by: host and port of its Service. */
function predictorHost(input: DeploymentsInput, transport: 'http' | 'grpc'): string {
  const { deployment, placed } = input;
  return `${placed.key}.${deployment.namespace}:${predictorPorts(placed)[transport]}`;
}

function placeOf(input: DeploymentsInput, explainer: Explainer): ExplainerPlace {
  // MLServer's runtime asks by REST alone.
  const transport = explainer.transport === 'grpc' && !speaksV2(input) ? 'grpc' : 'http';
  return {
    protocol: input.deployment.protocol,
    root: input.placed.predictor.graph.name,
    predictorHost: predictorHost(input, transport),
    modelDir: PATHS.models,
    httpPort: explainer.container.ports.http,
  };
}

function renderPorts(raw: JsonObject, wanted: Readonly<Record<string, number>>): JsonObject[] {
  const ports: JsonObject[] = objectsAt(raw, 'ports').map((port) => ({ protocol: 'TCP', ...port }));
  for (const [name, containerPort] of Object.entries(wanted)) {
    const same = ports.findIndex((port) => port['containerPort'] === containerPort);
    if (same < 0) ports.push({ name, containerPort, protocol: 'TCP' });
    else if (textAt(ports[same] ?? {}, 'name') === '') ports[same] = { ...ports[same], name };
  }
  return ports;
}

function renderProbes(raw: JsonObject, port: number, isV2: boolean): JsonObject {
  const { probe } = isV2 ? DIALECTS.v2 : DIALECTS.seldon;
  const ask = (which: 'live' | 'ready'): JsonObject =>
    probe === undefined
      ? { tcpSocket: { port } }
      : { httpGet: { path: probe[which], port, scheme: 'HTTP' } };
  const own = (name: string): boolean => isPlainObject(raw[name]);
  if (own('startupProbe') || own('livenessProbe') || own('readinessProbe')) return {};
  const live = ask('live');
  return {
    startupProbe: { ...live, ...PROBE, periodSeconds: 1, failureThreshold: START_SECONDS },
    livenessProbe: { ...live, ...PROBE, failureThreshold: LIVENESS_FAILURES },
    readinessProbe: { ...ask('ready'), ...PROBE, failureThreshold: READINESS_FAILURES },
  };
}

function speaksV2({ deployment }: DeploymentsInput): boolean {
  return deployment.protocol === 'v2';
}
