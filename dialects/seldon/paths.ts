// Where a unit of the Seldon dialect answers a verb, over REST and over gRPC (Seldon Core v1's internal API).
import type { Verb } from '../../graph/plan/plan.ts';

export const REST_PATHS: Readonly<Record<Verb, string>> = {
  predict: '/predict',
  'transform-input': '/transform-input',
  'transform-output': '/transform-output',
  route: '/route',
  aggregate: '/aggregate',
  'send-feedback': '/send-feedback',
  status: '/health/status',
  metadata: '/metadata',
};

/** `status` has no gRPC method in this dialect. */
export const GRPC_PATHS: Readonly<Record<Exclude<Verb, 'status'>, string>> = {
  predict: '/seldon.protos.Model/Predict',
  'transform-input': '/seldon.protos.Transformer/TransformInput',
  'transform-output': '/seldon.protos.OutputTransformer/TransformOutput',
  route: '/seldon.protos.Router/Route',
  aggregate: '/seldon.protos.Combiner/Aggregate',
  'send-feedback': '/seldon.protos.Model/SendFeedback',
  metadata: '/seldon.protos.Model/Metadata',
};

/** Paths on which a client asks the graph; the gateway's prefix `/seldon/<ns>/<name>` may stand before them. */
export const PREDICT_PATHS = ['/api/v1.0/predictions', '/api/v0.1/predictions'] as const;
export const FEEDBACK_PATHS = ['/api/v1.0/feedback', '/api/v0.1/feedback'] as const;
export const GRPC_PREDICT_PATH = '/seldon.protos.Seldon/Predict';
export const GRPC_FEEDBACK_PATH = '/seldon.protos.Seldon/SendFeedback';
