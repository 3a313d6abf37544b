// The schema of one predictor: its graph, the pods that serve it, its share of the traffic. What Kubernetes defines (pods,
// metrics of autoscalers) is kept whole and checked when the operator applies it.
import type { TypeOf } from './schema.ts';
import { flag, int, intOrString, list, map, object, preserve, quantity, text } from './schema.ts';
import type { UnitSpec } from './unit.ts';
import { ENDPOINT, UNIT } from './unit.ts';

const RESOURCES = object('CPU and memory.', {
  limits: map('The most that is given.', quantity('An amount such as 500m or 2Gi.')),
  requests: map('What is set aside.', quantity('An amount such as 500m or 2Gi.')),
  claims: list('Claims of dynamic resources.', preserve('A claim.')),
});

const ENV = object('A variable of the environment.', {
  name: text('Name of the variable.'),
  value: text('Its value.'),
  valueFrom: preserve(
    'Where its value comes from: a key of a ConfigMap or Secret, or a field of the pod.',
  ),
});

const HPA = object('A HorizontalPodAutoscaler for these pods.', {
  minReplicas: int('The fewest pods.'),
  maxReplicas: int('The most pods. Required.'),
  metrics: list('Metrics in the shape of autoscaling/v2beta1.', preserve('A metric.')),
  metricsv2: list('Metrics in the shape of autoscaling/v2.', preserve('A metric.')),
});

const KEDA = object('A KEDA ScaledObject for these pods, where the chart has keda.enabled.', {
  pollingInterval: int('Seconds between two looks at the triggers.'),
  cooldownPeriod: int('Seconds after the last trigger until scaling to the fewest pods.'),
  minReplicaCount: int('The fewest pods.'),
  maxReplicaCount: int('The most pods.'),
  idleReplicaCount: int('Pods while no trigger is active.'),
  advanced: preserve('Settings of the autoscaler that KEDA makes.'),
  triggers: list('What is scaled by.', preserve('A trigger.')),
  fallback: preserve('What is done when triggers cannot be read.'),
});

const COMPONENT = object('Pods that serve units: one Deployment.', {
  metadata: preserve(
    'Metadata of the pods. A name here names the Deployment; labels and annotations are copied.',
  ),
  spec: preserve('The PodSpec. Containers that have the name of a unit serve it.'),
  hpaSpec: HPA,
  kedaSpec: KEDA,
  pdbSpec: object('A PodDisruptionBudget for these pods.', {
    minAvailable: intOrString('How many pods, or percent of them, must stay.'),
    maxUnavailable: intOrString('How many pods, or percent of them, may go.'),
  }),
  replicas: int('Number of pods; it goes before the replicas of the predictor.'),
});

const EXPLAINER = object(
  'What explains the predictions, in pods of its own: none without a type.',
  {
    type: text('Kind of explainer, such as AnchorTabular.'),
    modelUri: text('Where the artifact of the explainer is.'),
    serviceAccountName: text('Service account whose credentials load the artifact.'),
    containerSpec: preserve('The container of the explainer.'),
    config: map('Flags of the explainer.', text('The value of a flag.')),
    endpoint: ENDPOINT,
    envSecretRefName: text('Secret whose keys are the environment of the storage initializer.'),
    storageInitializerImage: text('Image of the storage initializer, in place of the default.'),
    replicas: int('Number of pods.'),
    initParameters: text('Parameters of the explainer as JSON.'),
  },
);

export const PREDICTOR = object('One graph with its share of the traffic.', {
  name: text('Name of the predictor. Required, once a deployment.'),
  graph: UNIT,
  componentSpecs: list('The pods that serve the units of the graph.', COMPONENT),
  replicas: int('Number of pods of each component that does not say its own.'),
  annotations: map('Annotations that are copied to the pods.', text('A value.')),
  labels: map(
    'Labels that are copied to the pods; version is the name of the predictor unless set.',
    text('A value.'),
  ),
  engineResources: RESOURCES,
  svcOrchSpec: object('The data plane of this predictor.', {
    resources: RESOURCES,
    env: list('Environment of the data plane.', ENV),
    replicas: int('Number of pods of a data plane that runs apart.'),
  }),
  traffic: int('Percent of the requests; of all predictors but the shadow together 100.'),
  explainer: EXPLAINER,
  shadow: flag('Whether it gets copies of requests whose responses nobody sees.'),
  ssl: object('TLS of the data plane: without it requests come by plain HTTP.', {
    certSecretName: text('Secret that holds the certificate.'),
  }),
  progressDeadlineSeconds: int('Seconds without progress after which a rollout counts as failed.'),
});

type Unrolled = Omit<TypeOf<typeof PREDICTOR>, 'graph'>;

/** A predictor as it is stored. */
export interface PredictorSpec extends Unrolled {
  readonly graph?: UnitSpec;
}
