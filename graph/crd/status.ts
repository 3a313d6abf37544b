// The schema of the status: what Seldon's clients read (reference: `seldon_deployment_status.go`), and what says to people
// why a deployment is not ready. Only the operator writes it.
import { flag, int, list, long, map, object, text, time } from './schema.ts';

const CONDITION = object(
  'One thing that holds, or does not.',
  {
    type: text('What it is about, such as Ready or DeploymentsReady.'),
    status: text('True, False or Unknown.'),
    severity: text(
      'Empty for an error; Warning or Info when the deployment can be ready without it.',
    ),
    lastTransitionTime: time('When the status changed last.'),
    reason: text('A word for machines.'),
    message: text('A sentence for people.'),
    observedGeneration: long('The generation of the object that it is about.'),
  },
  { required: ['type', 'status'] },
);

const DEPLOYMENT_STATUS = object('One Deployment.', {
  name: text('Name of the Deployment, where it is not the key.'),
  status: text('Available, Creating or Failed.'),
  description: text('Why it is not available.'),
  replicas: int('Number of pods.'),
  availableReplicas: int('Number of pods that serve.'),
  explainerFor: text('Predictor whose explainer it is.'),
});

const SERVICE_STATUS = object('One Service.', {
  svcName: text('Name of the Service.'),
  httpEndpoint: text('Host and port for REST.'),
  grpcEndpoint: text('Host and port for gRPC.'),
  explainerFor: text('Predictor whose explainer it is.'),
});

const PREDICTOR_STATUS = object(
  'One predictor.',
  {
    name: text('Name of the predictor.'),
    ready: flag('Whether it can serve.'),
    traffic: int('Percent of the requests that it gets now.'),
    plan: text('Hash of the plan that its pods are to serve.'),
    plans: map('How many pods serve each plan, by its hash.', int('Number of pods.')),
    message: text('Why it is not ready, or how far it has come.'),
  },
  { required: ['name'], open: true },
);

export const STATUS = object(
  'What is served, as the operator last saw it.',
  {
    state: text('Available, Creating or Failed.'),
    description: text('Why the state is not Available.'),
    summary: text('The beginning of the description, for a column.'),
    observedGeneration: long('The generation of the object that this status is about.'),
    replicas: int('Number of pods, of all predictors.'),
    selector: text(
      'Labels of the pods for the scale subresource; empty where one number cannot scale the deployment.',
    ),
    address: object('Where it is called from inside of the cluster.', { url: text('The URL.') }),
    deploymentStatus: map('The Deployments, by name.', DEPLOYMENT_STATUS),
    serviceStatus: map('The Services, by name.', SERVICE_STATUS),
    predictors: list('The predictors.', PREDICTOR_STATUS, { keys: ['name'] }),
    conditions: list('What holds and what does not.', CONDITION, { keys: ['type'] }),
    annotations: map('Notes of other tools.', text('A value.')),
  },
  // A status written by a newer operator stays whole while an older one runs beside it.
  { open: true },
);
