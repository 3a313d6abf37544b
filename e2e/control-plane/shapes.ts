// The shapes in which SeldonDeployments have been written for Seldon Core, as specs: what articles, charts and exporters
// produce. The API server must store each of them byte for byte in meaning.

type Json = Readonly<Record<string, unknown>>;

const IMAGE = 'seldonio/mock_classifier:1.5.0';
const POD: Json = { spec: { containers: [{ name: 'classifier', image: IMAGE }] } };
const MODEL: Json = { name: 'classifier', type: 'MODEL', endpoint: { type: 'REST' }, children: [] };

function one(predictor: Json): Json {
  return { predictors: [{ name: 'default', graph: MODEL, componentSpecs: [POD], ...predictor }] };
}

export const SHAPES: Readonly<Record<string, Json>> = {
  'the first model of the docs': { name: 'seldon-model', ...one({ replicas: 1 }) },
  'old fields that nobody reads': {
    name: 'old',
    oauth_key: 'oauth-key',
    oauth_secret: 'oauth-secret',
    annotations: { project_name: 'FX Market Prediction', deployment_version: 'v1' },
    ...one({
      annotations: { predictor_version: 'v1' },
      engineResources: { requests: { cpu: '100m', memory: 1024 }, limits: { cpu: 1 } },
    }),
  },
  'what exporters write: empty objects and no creation time': one({
    componentSpecs: [
      {
        metadata: {
          creationTimestamp: null,
          labels: {},
          annotations: { a: 'b' },
          name: 'own-name',
        },
        spec: {
          containers: [
            { name: 'classifier', image: IMAGE, resources: {}, env: [{ name: 'A', value: '1' }] },
          ],
          terminationGracePeriodSeconds: 20,
        },
      },
    ],
    svcOrchSpec: {},
    labels: {},
  }),
  'a whole pod spec': one({
    componentSpecs: [
      {
        spec: {
          serviceAccountName: 'models',
          nodeSelector: { pool: 'gpu' },
          tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
          affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
          imagePullSecrets: [{ name: 'registry' }],
          initContainers: [{ name: 'prepare', image: 'busybox', command: ['true'] }],
          securityContext: { runAsUser: 8888, fsGroup: 8888 },
          volumes: [
            { name: 'config', configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } },
            { name: 'tmp', emptyDir: { sizeLimit: '1Gi' } },
          ],
          containers: [
            {
              name: 'classifier',
              image: IMAGE,
              imagePullPolicy: 'IfNotPresent',
              args: ['--x', '1'],
              env: [
                { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
              ],
              envFrom: [{ secretRef: { name: 's' } }],
              ports: [{ name: 'http', containerPort: 9000, protocol: 'TCP' }],
              readinessProbe: { tcpSocket: { port: 'http' }, initialDelaySeconds: 5 },
              livenessProbe: { httpGet: { path: '/live', port: 9000 } },
              resources: {
                requests: { cpu: '0.5', memory: '1Gi' },
                limits: { 'nvidia.com/gpu': 1 },
              },
              volumeMounts: [{ name: 'config', mountPath: '/c', readOnly: true }],
              securityContext: { allowPrivilegeEscalation: false },
              lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', 'sleep 5'] } } },
            },
          ],
        },
      },
    ],
  }),
  'autoscaling with v2beta1 metrics': one({
    componentSpecs: [
      {
        ...POD,
        hpaSpec: {
          minReplicas: 1,
          maxReplicas: 4,
          metrics: [{ type: 'Resource', resource: { name: 'cpu', targetAverageUtilization: 70 } }],
        },
      },
    ],
  }),
  'autoscaling with v2 metrics': one({
    componentSpecs: [
      {
        ...POD,
        hpaSpec: {
          maxReplicas: 3,
          metricsv2: [
            {
              type: 'Resource',
              resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 10 } },
            },
          ],
        },
      },
    ],
  }),
  'autoscaling with KEDA': one({
    componentSpecs: [
      {
        ...POD,
        kedaSpec: {
          pollingInterval: 15,
          cooldownPeriod: 60,
          minReplicaCount: 1,
          maxReplicaCount: 5,
          idleReplicaCount: 0,
          advanced: {
            horizontalPodAutoscalerConfig: { behavior: { scaleDown: { policies: [] } } },
          },
          triggers: [{ type: 'prometheus', metadata: { query: 'sum(x)', threshold: '10' } }],
          fallback: { failureThreshold: 3, replicas: 6 },
        },
      },
    ],
  }),
  'disruption budgets as number and percent': {
    predictors: [
      {
        name: 'a',
        traffic: 50,
        graph: MODEL,
        componentSpecs: [{ ...POD, pdbSpec: { minAvailable: 1 }, replicas: 2 }],
      },
      {
        name: 'b',
        traffic: 50,
        graph: MODEL,
        componentSpecs: [{ ...POD, pdbSpec: { maxUnavailable: '50%' } }],
      },
    ],
  },
  'a canary and a shadow': {
    predictors: [
      {
        name: 'main',
        traffic: 75,
        graph: MODEL,
        componentSpecs: [POD],
        replicas: 1,
        labels: { version: 'v1' },
      },
      { name: 'canary', traffic: 25, graph: MODEL, componentSpecs: [POD] },
      { name: 'shadow', shadow: true, traffic: 50, graph: MODEL, componentSpecs: [POD] },
    ],
  },
  'a graph of every kind of unit': {
    protocol: 'seldon',
    transport: 'rest',
    predictors: [
      {
        name: 'p',
        graph: {
          name: 'in',
          type: 'TRANSFORMER',
          children: [
            {
              name: 'out',
              type: 'OUTPUT_TRANSFORMER',
              children: [
                {
                  name: 'ab',
                  implementation: 'RANDOM_ABTEST',
                  parameters: [{ name: 'ratioA', value: '0.5', type: 'FLOAT' }],
                  children: [
                    {
                      name: 'router',
                      type: 'ROUTER',
                      methods: ['ROUTE', 'SEND_FEEDBACK'],
                      children: [{ name: 'm1', type: 'MODEL' }],
                    },
                    {
                      name: 'combine',
                      type: 'COMBINER',
                      children: [{ name: 'm2' }, { name: 'm3', implementation: 'SIMPLE_MODEL' }],
                    },
                  ],
                },
              ],
            },
          ],
        },
        componentSpecs: [
          {
            spec: {
              containers: ['in', 'out', 'router', 'combine', 'm1', 'm2'].map((name) => ({
                name,
                image: IMAGE,
              })),
            },
          },
        ],
      },
    ],
  },
  'children as a single object': one({
    graph: {
      name: 'transformer',
      type: 'TRANSFORMER',
      children: { name: 'classifier', type: 'MODEL', children: { name: 'last' } },
    },
  }),
  'units in pods of their own': {
    predictors: [
      {
        name: 'p',
        graph: { name: 'a', type: 'TRANSFORMER', children: [{ name: 'b', type: 'MODEL' }] },
        componentSpecs: [
          { spec: { containers: [{ name: 'a', image: IMAGE }] }, replicas: 2 },
          {
            metadata: { labels: { tier: 'model' } },
            spec: { containers: [{ name: 'b', image: IMAGE }] },
          },
        ],
      },
    ],
  },
  'a prepackaged server': {
    predictors: [
      {
        name: 'default',
        replicas: 1,
        graph: {
          name: 'classifier',
          implementation: 'SKLEARN_SERVER',
          modelUri: 's3://models/iris',
          envSecretRefName: 'rclone',
          serviceAccountName: 'models',
          storageInitializerImage: 'seldonio/rclone-storage-initializer:1.17.1',
          parameters: [{ name: 'method', type: 'STRING', value: 'predict' }],
        },
      },
    ],
  },
  'a server of the cluster, protocol v2': {
    protocol: 'v2',
    predictors: [
      {
        name: 'd',
        graph: { name: 'm', implementation: 'MY_SERVER', modelUri: 'gs://b/m', children: [] },
      },
    ],
  },
  'an explainer': one({
    explainer: {
      type: 'AnchorTabular',
      modelUri: 'gs://b/explainer',
      serviceAccountName: 'models',
      config: { batch_size: '1' },
      containerSpec: { name: 'explainer', resources: { requests: { memory: '1Gi' } } },
      endpoint: { type: 'GRPC' },
      envSecretRefName: 'rclone',
      storageInitializerImage: 'x:1',
      replicas: 2,
      initParameters: '{"threshold":0.95}',
    },
  }),
  'payload logging and Kafka': {
    serverType: 'kafka',
    ...one({
      graph: { ...MODEL, logger: { url: 'http://broker/default', mode: 'all' } },
      svcOrchSpec: {
        replicas: 2,
        resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' } },
        env: [
          { name: 'KAFKA_BROKER', value: 'kafka:9092' },
          { name: 'KAFKA_INPUT_TOPIC', valueFrom: { configMapKeyRef: { name: 'c', key: 'in' } } },
          { name: 'KAFKA_OUTPUT_TOPIC', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
      },
    }),
  },
  'TLS, a deadline for progress, an endpoint elsewhere': one({
    ssl: { certSecretName: 'tls' },
    progressDeadlineSeconds: 300,
    graph: {
      name: 'remote',
      type: 'MODEL',
      endpoint: {
        service_host: 'models.example',
        service_port: 9000,
        httpPort: 9000,
        grpcPort: 9500,
        type: 'GRPC',
      },
    },
  }),
  'switches by annotation': {
    annotations: {
      'seldon.io/engine-separate-pod': 'true',
      'seldon.io/rest-timeout': '10000',
      'seldon.io/istio-retries': '3',
      'sidegraph.io/deadline-ms': '20000',
    },
    replicas: 2,
    ...one({ annotations: { 'seldon.io/no-engine': 'true', 'seldon.io/svc-name': 'mine' } }),
  },
};
