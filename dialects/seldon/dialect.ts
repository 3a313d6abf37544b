// Seldon Core v1's protocol: the external API of a graph and the internal one of its units.
import { readString } from '../../lib/codecs/protobuf/oneof.ts';
import { stringField } from '../../lib/codecs/protobuf/writer.ts';
import type { Verb } from '../../graph/plan/plan.ts';
import type { Dialect } from '../dialect.ts';
import { MODEL_METADATA } from './fields.ts';

const REST_PATHS: Readonly<Record<Verb, string>> = {
  predict: '/predict',
  'transform-input': '/transform-input',
  'transform-output': '/transform-output',
  route: '/route',
  aggregate: '/aggregate',
  'send-feedback': '/send-feedback',
  status: '/health/status',
  metadata: '/metadata',
};

const GRPC_PATHS: Readonly<Record<Verb, string | undefined>> = {
  predict: '/seldon.protos.Model/Predict',
  'transform-input': '/seldon.protos.Transformer/TransformInput',
  'transform-output': '/seldon.protos.OutputTransformer/TransformOutput',
  route: '/seldon.protos.Router/Route',
  aggregate: '/seldon.protos.Combiner/Aggregate',
  'send-feedback': '/seldon.protos.Model/SendFeedback',
  status: undefined,
  metadata: '/seldon.protos.Model/Metadata',
};

export const SELDON: Dialect = {
  name: 'seldon',
  clientRoutes: [
    { kind: 'predict-rest', path: '/api/v1.0/predictions', use: 'walk' },
    { kind: 'predict-rest', path: '/api/v0.1/predictions', use: 'walk' },
    { kind: 'predict-grpc', path: '/seldon.protos.Seldon/Predict', use: 'walk' },
    { kind: 'feedback-rest', path: '/api/v1.0/feedback', use: 'walk' },
    { kind: 'feedback-rest', path: '/api/v0.1/feedback', use: 'walk' },
    { kind: 'feedback-grpc', path: '/seldon.protos.Seldon/SendFeedback', use: 'walk' },
  ],
  takesFeedback: true,
  hasNumbers: true,
  grpcModelField: undefined,
  grpcPackage: 'seldon.protos',
  unitPath: (_model, verb, transport) =>
    transport === 'rest' ? REST_PATHS[verb] : GRPC_PATHS[verb],
  modelInPath: undefined,
  lastInPath: undefined,
  layoutHeader: undefined,
  errorFields: (status, info) => ({ status: { code: status, info, status: 'FAILURE' } }),
  control: {
    roots: [
      { path: '/api/v0.1/status', below: true, service: 'status' },
      { path: '/api/v1.0/status', below: true, service: 'status' },
      { path: '/api/v0.1/metadata', below: true, service: 'metadata' },
      { path: '/api/v1.0/metadata', below: true, service: 'metadata' },
      { path: '/api/v0.1/doc', below: true, service: '' },
      { path: '/api/v1.0/doc', below: true, service: '' },
      { path: '/api/v1.0/health/status', below: false, service: '' },
    ],
    http: [
      { path: '/api/v1.0/status', response: 'ready' },
      { path: '/api/v1.0/health/status', response: 'ready' },
      { path: '/api/v1.0/metadata', response: 'graph-metadata' },
      ...['/api/v1.0', '/api/v0.1'].flatMap(
        (version) =>
          [
            { path: `${version}/status/{unit}`, response: 'unit-status' },
            { path: `${version}/metadata/{unit}`, response: 'unit-metadata' },
            { path: `${version}/doc`, response: 'doc-without-slash' },
            { path: `${version}/doc/`, response: 'doc' },
            { path: `${version}/doc/seldon.json`, response: 'openapi' },
          ] as const,
      ),
    ],
    grpc: {
      files: ['prediction.proto'],
      services: ['seldon.protos.Seldon'],
      methods: [
        {
          path: '/seldon.protos.Seldon/ModelMetadata',
          response: 'unit',
          unitPath: '/seldon.protos.Model/Metadata',
          unitIn: (request) => readString(request, MODEL_METADATA.name),
          ask: () => Buffer.alloc(0),
          builtIn: (unit) =>
            Buffer.concat([
              stringField(MODEL_METADATA.name, unit),
              stringField(MODEL_METADATA.platform, 'sidegraph'),
            ]),
        },
        {
          path: '/seldon.protos.Seldon/GraphMetadata',
          response: 'graph-metadata',
          unitPath: '/seldon.protos.Model/Metadata',
        },
      ],
    },
  },
  probe: undefined,
  example: {
    path: '/api/v1.0/predictions',
    body: '{"data":{"ndarray":[[1.0,2.0,3.0,4.0]]}}',
    grpcPath: '/seldon.protos.Seldon/Predict',
  },
};
