// TensorFlow Serving's protocol: what clients ask of a graph is what the graph asks of its units, under each unit's own name.
import { readMessage, readString } from '../../lib/codecs/protobuf/oneof.ts';
import { bytesField, int32Field, stringField } from '../../lib/codecs/protobuf/writer.ts';
import type { Verb } from '../../graph/plan/plan.ts';
import type { Dialect, NamedModel } from '../dialect.ts';
import { GET_METADATA, GET_STATUS, MODEL_SPEC, VERSION_STATUS } from './fields.ts';

const MODELS = '/v1/models';
const PREDICTION = '/tensorflow.serving.PredictionService';
const MODEL_STATUS = '/tensorflow.serving.ModelService/GetModelStatus';
const MODEL_METADATA = `${PREDICTION}/GetModelMetadata`;
const AVAILABLE = 30;

const REST_VERBS: Readonly<Record<Verb, string | undefined>> = {
  predict: ':predict',
  'transform-input': ':predict',
  'transform-output': ':predict',
  route: ':route',
  aggregate: ':aggregate',
  'send-feedback': undefined,
  status: '',
  metadata: '/metadata',
};

/** The protocol has one call, which routers and combiners answer too. Seldon's executor has none for them. */
const GRPC_PATHS: Readonly<Record<Verb, string | undefined>> = {
  predict: `${PREDICTION}/Predict`,
  'transform-input': `${PREDICTION}/Predict`,
  'transform-output': `${PREDICTION}/Predict`,
  route: `${PREDICTION}/Predict`,
  aggregate: `${PREDICTION}/Predict`,
  'send-feedback': undefined,
  status: MODEL_STATUS,
  metadata: MODEL_METADATA,
};

function unitPath(model: string, verb: Verb, transport: 'rest' | 'grpc'): string | undefined {
  if (transport === 'grpc') return GRPC_PATHS[verb];
  const end = REST_VERBS[verb];
  return end === undefined ? undefined : `${MODELS}/${model}${end}`;
}

const NAMED = /^\/v1\/models\/([^/:?]+)(\/(?:versions|labels)\/[^/:?]+)?\/?:predict(?:\?|$)/;

function modelInPath(path: string): NamedModel | undefined {
  const [, model, version] = NAMED.exec(path) ?? [];
  return model === undefined ? undefined : { model, version: version ?? '' };
}

function nameInSpec(request: Buffer): string {
  const spec = readMessage(request, GET_STATUS.modelSpec);
  return spec === undefined ? '' : readString(spec, MODEL_SPEC.name);
}

export const TENSORFLOW: Dialect = {
  name: 'tensorflow',
  clientRoutes: [
    { kind: 'predict-rest', path: `${MODELS}:predict`, use: 'walk' },
    { kind: 'predict-rest', path: `${MODELS}/:predict`, use: 'walk' },
    { kind: 'predict-rest', path: `${MODELS}/{model}:predict`, model: '\\1', use: 'walk' },
    { kind: 'predict-rest', path: `${MODELS}/{model}/:predict`, model: '\\1', use: 'walk' },
    ...['versions', 'labels'].map(
      (of) =>
        ({
          kind: 'predict-rest',
          path: `${MODELS}/{model}/${of}/{version}:predict`,
          model: `\\1/${of}/\\2`,
          use: 'walk',
        }) as const,
    ),
    { kind: 'predict-rest', path: `${MODELS}/{model}:classify`, use: 'pass' },
    { kind: 'predict-rest', path: `${MODELS}/{model}:regress`, use: 'pass' },
    { kind: 'predict-grpc', path: `${PREDICTION}/Predict`, use: 'walk' },
    { kind: 'predict-grpc', path: `${PREDICTION}/Classify`, use: 'pass' },
    { kind: 'predict-grpc', path: `${PREDICTION}/Regress`, use: 'pass' },
    { kind: 'predict-grpc', path: `${PREDICTION}/MultiInference`, use: 'pass' },
    { kind: 'feedback-rest', path: '/api/v1.0/feedback', use: 'walk' },
  ],
  // Clients may send it, as Seldon has it, and get it back.
  takesFeedback: false,
  hasNumbers: true,
  grpcModelField: undefined,
  grpcPackage: 'tensorflow.serving',
  unitPath,
  modelInPath,
  lastInPath: undefined,
  layoutHeader: undefined,
  // `error` is what clients of the protocol look for, `status` what Seldon's executor says.
  errorFields: (status, info) => ({
    error: info,
    status: { code: status, info, status: 'FAILURE' },
  }),
  control: {
    roots: [{ path: MODELS, below: true, service: '' }],
    http: [
      { path: `${MODELS}/{unit}`, response: 'unit-status' },
      { path: `${MODELS}/{unit}/metadata`, response: 'unit-metadata' },
      ...['versions', 'labels'].flatMap(
        (of) =>
          [
            { path: `${MODELS}/{unit}/${of}/{version}`, response: 'unit-status' },
            { path: `${MODELS}/{unit}/${of}/{version}/metadata`, response: 'unit-metadata' },
          ] as const,
      ),
    ],
    grpc: {
      files: ['tensorflow_serving.proto'],
      services: ['tensorflow.serving.PredictionService', 'tensorflow.serving.ModelService'],
      methods: [
        {
          path: MODEL_METADATA,
          response: 'unit',
          unitPath: MODEL_METADATA,
          unitIn: nameInSpec,
          ask: (request) => request,
          builtIn: (unit) => bytesField(GET_METADATA.modelSpec, stringField(MODEL_SPEC.name, unit)),
        },
        {
          path: MODEL_STATUS,
          response: 'unit',
          unitPath: MODEL_STATUS,
          unitIn: nameInSpec,
          ask: (request) => request,
          builtIn: () =>
            bytesField(GET_STATUS.versionStatus, int32Field(VERSION_STATUS.state, AVAILABLE)),
        },
      ],
    },
  },
  probe: undefined,
  example: {
    path: `${MODELS}/:predict`,
    body: '{"instances":[[1.0,2.0,3.0,4.0]]}',
    grpcPath: `${PREDICTION}/Predict`,
  },
};
