// The schema of a SeldonDeployment and, inferred from it, the type of the stored object.
import type { KubeObject } from '../../lib/kube/object.ts';
import type { PredictorSpec } from './predictor.ts';
import { PREDICTOR } from './predictor.ts';
import type { TypeOf } from './schema.ts';
import { int, list, map, object, text } from './schema.ts';
import { STATUS } from './status.ts';

const SPEC = object('What is to be served.', {
  name: text('Not used; the name of the object counts.'),
  predictors: list(
    'The graphs among which the traffic is split. Required, at least one.',
    PREDICTOR,
  ),
  oauth_key: text('Not used any more.'),
  oauth_secret: text('Not used any more.'),
  annotations: map('Switches of the data plane; they are copied to the pods.', text('A value.')),
  protocol: text(
    'What clients and units speak: seldon (without it), tensorflow, v2 (or its old name, kfserving) or openai.',
  ),
  transport: text('rest (without it) or grpc: which port is probed. Requests come by both.'),
  replicas: int('Number of pods of each component, where nothing nearer says another.'),
  serverType: text('rpc, as without it.'),
});

/** The whole object but `metadata`, which is the API server's own. */
export const DEPLOYMENT_SCHEMA = object(
  'An inference graph: models, routers, combiners and transformers behind one address.',
  {
    apiVersion: text('Version of the schema of this object.'),
    kind: text('SeldonDeployment.'),
    spec: SPEC,
    status: STATUS,
  },
);

type Unrolled = Omit<TypeOf<typeof SPEC>, 'predictors'>;

/** The spec as it is stored; every field may be missing, since the schema only knows types. */
export interface SeldonDeploymentSpec extends Unrolled {
  readonly predictors?: readonly PredictorSpec[];
}

export type SeldonDeploymentStatus = TypeOf<typeof STATUS>;

/** A SeldonDeployment as the API server stores it. */
export interface SeldonDeployment extends KubeObject {
  readonly spec?: SeldonDeploymentSpec;
  readonly status?: SeldonDeploymentStatus;
}
