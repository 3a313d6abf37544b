// What Seldon's operator 1.17.1 makes of a SeldonDeployment whose units are containers: Services, and one Deployment for each
// component with its engine (`seldon-container-engine`) in the first one. Names, labels, selectors, ports, probes and environment
// are those that its users' tools and our operator meet in a live cluster.
import { objectOf, objectsOf, textOf } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { specOf } from '../../operator/observe/fields.ts';
import type { KubeObject } from '../../lib/kube/object.ts';

export const ENGINE = 'seldon-container-engine';
const IMAGE = 'docker.io/seldonio/seldon-core-executor:1.17.1';
const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'seldon-core' };
const PODINFO = { name: 'seldon-podinfo', mountPath: '/etc/podinfo' };

type Labels = Readonly<Record<string, string>>;

interface Ports {
  readonly http: number;
  readonly grpc: number;
  readonly metrics: number;
}

export interface SeldonObjects {
  readonly services: readonly KubeObject[];
  readonly deployments: readonly KubeObject[];
  readonly autoscalers: readonly KubeObject[];
}

/** What stands in for the engine where pods run and its image is not to be had: fields over those of its container, and volumes. */
export interface EngineStand {
  readonly container: JsonObject;
  readonly volumes: readonly JsonObject[];
}

const NO_STAND: EngineStand = { container: {}, volumes: [] };

/** `owner` is stored: it has a uid. Ports are handed out to containers in the order of the spec, as Seldon does. */
export function renderSeldonObjects(
  owner: KubeObject,
  stand: EngineStand = NO_STAND,
): SeldonObjects {
  const services: KubeObject[] = [];
  const deployments: KubeObject[] = [];
  const autoscalers: KubeObject[] = [];
  let used = 0;
  for (const predictor of objectsOf(specOf(owner)['predictors'])) {
    const annotations = objectOf(predictor['annotations']) as Labels;
    const key =
      annotations['seldon.io/svc-name'] ?? `${owner.metadata.name}-${textOf(predictor['name'])}`;
    const app = { 'seldon-app': key };
    services.push(renderService(owner, key, app, app, annotations, { http: 8000, grpc: 5001 }));
    objectsOf(predictor['componentSpecs']).forEach((component, index) => {
      const containers = objectsOf(objectOf(component['spec'])['containers']).map((container) => {
        const ports = { http: 9000 + used, grpc: 9500 + used, metrics: 6000 + used };
        used += 1;
        const service = [owner.metadata.name, predictor['name'], container['name']].join('-');
        return { container, ports, service };
      });
      for (const { container, ports, service } of containers) {
        const selector = { [`seldon-app-svc-${textOf(container['name'])}`]: service };
        const labels = { ...selector, ...app, ...roleLabels(predictor, textOf(container['name'])) };
        services.push(renderService(owner, service, selector, labels, annotations, ports));
      }
      const parts = { predictor, component, key, index, containers };
      const deployment = renderDeployment(owner, parts, stand);
      deployments.push(deployment);
      if (component['hpaSpec'] !== undefined)
        autoscalers.push(renderAutoscaler(owner, deployment, objectOf(component['hpaSpec'])));
    });
  }
  return { services, deployments, autoscalers };
}

interface DeploymentParts {
  readonly predictor: JsonObject;
  readonly component: JsonObject;
  readonly key: string;
  readonly index: number;
  readonly containers: readonly { container: JsonObject; ports: Ports; service: string }[];
}

function renderDeployment(
  owner: KubeObject,
  { predictor, component, key, index, containers }: DeploymentParts,
  stand: EngineStand,
): KubeObject {
  const names = containers.map(({ container }) => textOf(container['name']));
  const name = [owner.metadata.name, predictor['name'], index, ...names].join('-');
  const metadata = objectOf(component['metadata']);
  const inherited: Labels = {
    ...(objectOf(specOf(owner)['annotations']) as Labels),
    ...(objectOf(predictor['annotations']) as Labels),
    ...(objectOf(metadata['annotations']) as Labels),
  };
  const hasEngine = index === 0;
  const selector = {
    'seldon-deployment-id': owner.metadata.name,
    ...Object.fromEntries(
      containers.map(({ service }, at) => [`seldon-app-svc-${names[at] ?? ''}`, service]),
    ),
    ...(hasEngine ? { 'seldon-app': key } : {}),
  };
  const own = { version: textOf(predictor['name']), app: name, fluentd: 'true', ...MANAGED_BY };
  const labels = {
    ...own,
    ...(objectOf(predictor['labels']) as Labels),
    ...(objectOf(metadata['labels']) as Labels),
    ...Object.assign({}, ...names.map((each) => roleLabels(predictor, each))),
    ...selector,
  };
  const units = containers.map(({ container, ports }) =>
    renderUnit(owner, predictor, container, ports),
  );
  const fieldRef = { apiVersion: 'v1', fieldPath: 'metadata.annotations' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      ...metadataOf(owner, name),
      labels: { ...labels, ...(hasEngine ? { 'seldon-deployment-contains-svcorch': 'true' } : {}) },
      annotations: { ...inherited, 'seldon.io/last-applied': 'UEsDBBQACAgIAA==' },
    },
    spec: {
      replicas: Number(predictor['replicas'] ?? 1),
      selector: { matchLabels: selector },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } },
      template: {
        metadata: {
          labels,
          annotations: {
            'prometheus.io/path': '/prometheus',
            'prometheus.io/scrape': 'true',
            ...inherited,
          },
        },
        spec: {
          containers: [
            ...units,
            ...(hasEngine ? [{ ...renderEngine(owner, predictor), ...stand.container }] : []),
          ],
          volumes: [
            {
              name: PODINFO.name,
              downwardAPI: { defaultMode: 420, items: [{ path: 'annotations', fieldRef }] },
            },
            ...(hasEngine ? stand.volumes : []),
          ],
          securityContext: { runAsUser: 8888 },
          schedulerName: 'default-scheduler',
          dnsPolicy: 'ClusterFirst',
          terminationGracePeriodSeconds: 20,
        },
      },
    },
  };
}

function renderAutoscaler(owner: KubeObject, target: KubeObject, written: JsonObject): KubeObject {
  const { name } = target.metadata;
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: {
      ...metadataOf(owner, name),
      labels: { 'seldon-deployment-id': owner.metadata.name },
    },
    spec: {
      scaleTargetRef: { apiVersion: target.apiVersion, kind: target.kind, name },
      minReplicas: written['minReplicas'],
      maxReplicas: written['maxReplicas'],
      metrics: written['metricsv2'],
    },
  };
}

function renderUnit(
  owner: KubeObject,
  predictor: JsonObject,
  container: JsonObject,
  ports: Ports,
): JsonObject {
  const name = textOf(container['name']);
  const predictorName = textOf(predictor['name']);
  const env = {
    PREDICTIVE_UNIT_SERVICE_PORT: String(ports.http),
    PREDICTIVE_UNIT_HTTP_SERVICE_PORT: String(ports.http),
    MLSERVER_HTTP_PORT: String(ports.http),
    PREDICTIVE_UNIT_GRPC_SERVICE_PORT: String(ports.grpc),
    MLSERVER_GRPC_PORT: String(ports.grpc),
    MLSERVER_MODEL_NAME: name,
    PREDICTIVE_UNIT_ID: name,
    PREDICTIVE_UNIT_IMAGE: textOf(container['image']),
    PREDICTOR_ID: predictorName,
    PREDICTOR_LABELS: JSON.stringify({ version: predictorName }),
    SELDON_DEPLOYMENT_ID: owner.metadata.name,
    SELDON_EXECUTOR_ENABLED: 'true',
    PREDICTIVE_UNIT_METRICS_SERVICE_PORT: String(ports.metrics),
    PREDICTIVE_UNIT_METRICS_ENDPOINT: '/prometheus',
    MLSERVER_METRICS_PORT: String(ports.metrics),
    MLSERVER_METRICS_ENDPOINT: '/prometheus',
  };
  const probe = { tcpSocket: { port: 'http' }, periodSeconds: 5, failureThreshold: 3 };
  const times = { successThreshold: 1, timeoutSeconds: 1 };
  return {
    ...container,
    imagePullPolicy: 'IfNotPresent',
    env: [
      ...objectsOf(container['env']),
      ...Object.entries(env).map(([key, value]) => ({ name: key, value })),
    ],
    ports: Object.entries(ports).map(([portName, containerPort]) => ({
      name: portName,
      containerPort: Number(containerPort),
      protocol: 'TCP',
    })),
    livenessProbe: { ...probe, ...times, initialDelaySeconds: 60 },
    readinessProbe: { ...probe, ...times, initialDelaySeconds: 20 },
    lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', '/bin/sleep 10'] } } },
    volumeMounts: [PODINFO],
  };
}

/** Two of its ports are one number under two names: Kubernetes stores that list, though its key is the number. */
function renderEngine(owner: KubeObject, predictor: JsonObject): JsonObject {
  const probe = (path: string): JsonObject => ({
    httpGet: { path, port: 8000, scheme: 'HTTP' },
    initialDelaySeconds: 20,
    periodSeconds: 5,
    failureThreshold: 3,
    successThreshold: 1,
    timeoutSeconds: 60,
  });
  const flags = {
    sdep: owner.metadata.name,
    namespace: owner.metadata.namespace ?? '',
    predictor: textOf(predictor['name']),
    http_port: '8000',
    grpc_port: '5001',
    protocol: 'seldon',
    prometheus_path: '/prometheus',
    server_type: 'rpc',
    log_work_buffer_size: '10000',
    log_write_timeout_ms: '2000',
  };
  const size = { cpu: '500m', memory: '512Mi' };
  return {
    name: ENGINE,
    image: IMAGE,
    args: [
      ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]),
      '--full_health_checks=false',
    ],
    imagePullPolicy: 'IfNotPresent',
    env: [
      {
        name: 'ENGINE_PREDICTOR',
        value: Buffer.from(JSON.stringify(predictor)).toString('base64'),
      },
      { name: 'REQUEST_LOGGER_DEFAULT_ENDPOINT', value: 'http://default-broker' },
    ],
    ports: [
      { name: 'http', containerPort: 8000, protocol: 'TCP' },
      { name: 'metrics', containerPort: 8000, protocol: 'TCP' },
      { name: 'grpc', containerPort: 5001, protocol: 'TCP' },
    ],
    readinessProbe: probe('/ready'),
    livenessProbe: probe('/live'),
    resources: { requests: size, limits: size },
    securityContext: { runAsUser: 8888, allowPrivilegeEscalation: false },
    volumeMounts: [PODINFO],
  };
}

function renderService(
  owner: KubeObject,
  name: string,
  selector: Labels,
  own: Labels,
  annotations: Labels,
  ports: { readonly http: number; readonly grpc: number },
): KubeObject {
  const port = (portName: string, number: number): JsonObject => ({
    name: portName,
    port: number,
    protocol: 'TCP',
    targetPort: number,
  });
  const labels = { ...own, 'seldon-deployment-id': owner.metadata.name, ...MANAGED_BY };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadataOf(owner, name), labels, annotations },
    spec: {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      selector,
      ports: [port('http', ports.http), port('grpc', ports.grpc)],
    },
  };
}

const ROLES: Labels = {
  MODEL: 'seldon.io/model',
  ROUTER: 'seldon.io/router',
  COMBINER: 'seldon.io/combiner',
  TRANSFORMER: 'seldon.io/transformer',
  OUTPUT_TRANSFORMER: 'seldon.io/output-transformer',
};

function roleLabels(predictor: JsonObject, unit: string): Labels {
  const role = ROLES[typeOf(objectOf(predictor['graph']), unit) ?? ''];
  return {
    ...(role === undefined ? {} : { [role]: 'true' }),
    ...(predictor['shadow'] === true ? { 'seldon.io/shadow': 'true' } : {}),
  };
}

function typeOf(graph: JsonObject, unit: string): string | undefined {
  if (graph['name'] === unit) return textOf(graph['type']);
  for (const child of objectsOf(graph['children'])) {
    const found = typeOf(child, unit);
    if (found !== undefined) return found;
  }
  return undefined;
}

function metadataOf(owner: KubeObject, name: string): KubeObject['metadata'] {
  const { apiVersion, kind, metadata } = owner;
  const reference = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' };
  return {
    name,
    namespace: metadata.namespace ?? '',
    ownerReferences: [{ ...reference, controller: true, blockOwnerDeletion: true }],
  };
}
