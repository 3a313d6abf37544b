// The V2 (open inference) protocol: what clients ask of a graph is what the graph asks of its units, under each unit's own name.
import { readString } from '../../lib/codecs/protobuf/oneof.ts';
import { int32Field, stringField } from '../../lib/codecs/protobuf/writer.ts';
import type { Verb } from '../../graph/plan/plan.ts';
import type { Dialect, LastCall, NamedModel } from '../dialect.ts';
import { INFER, MODEL_METADATA, MODEL_READY, SERVER_METADATA, SERVER_READY } from './fields.ts';
import { LAYOUT_HEADER } from './layout.ts';

const MODELS = '/v2/models';
const SERVICE = '/inference.GRPCInferenceService';

const REST_VERBS: Readonly<Record<Verb, string | undefined>> = {
  predict: '/infer',
  'transform-input': '/infer',
  'transform-output': '/infer',
  route: '/route',
  aggregate: '/aggregate',
  'send-feedback': undefined,
  status: '/ready',
  metadata: '',
};

/** The protocol has one call, which routers and combiners answer too. Seldon's executor has none for them. */
const GRPC_METHODS: Readonly<Record<Verb, string | undefined>> = {
  predict: 'ModelInfer',
  'transform-input': 'ModelInfer',
  'transform-output': 'ModelInfer',
  route: 'ModelInfer',
  aggregate: 'ModelInfer',
  'send-feedback': undefined,
  status: 'ModelReady',
  metadata: 'ModelMetadata',
};

function unitPath(model: string, verb: Verb, transport: 'rest' | 'grpc'): string | undefined {
  if (transport === 'grpc') {
    const method = GRPC_METHODS[verb];
    return method === undefined ? undefined : `${SERVICE}/${method}`;
  }
  const end = REST_VERBS[verb];
  return end === undefined ? undefined : `${MODELS}/${model}${end}`;
}

/** Calls of single models, by the end of their paths; whether they take tensors. */
const LAST: Readonly<Record<string, boolean>> = {
  generate: false,
  generate_stream: false,
  infer_stream: true,
};

const NAMED =
  /^\/v2\/models\/([^/?]+)(\/versions\/[^/?]+)?\/(?:infer|generate|generate_stream|infer_stream)(?:\?|$)/;

function modelInPath(path: string): NamedModel | undefined {
  const [, model, version] = NAMED.exec(path) ?? [];
  return model === undefined ? undefined : { model, version: version ?? '' };
}

const STREAM_INFER = `${SERVICE}/ModelStreamInfer`;
const ENDED = /\/([a-z_]+)(?:\?|$)/;

function lastInPath(path: string): LastCall | undefined {
  if (path === STREAM_INFER) return { pathOf: () => STREAM_INFER, everywhere: false, fits: true };
  const end = ENDED.exec(path)?.[1] ?? '';
  const fits = LAST[end];
  if (fits === undefined) return undefined;
  return { pathOf: (model) => `${MODELS}/${model}/${end}`, everywhere: false, fits };
}

const BOOLEAN_TRUE = 1;

export const V2: Dialect = {
  name: 'v2',
  clientRoutes: [
    { kind: 'predict-rest', path: `${MODELS}/infer`, use: 'walk' },
    { kind: 'predict-rest', path: `${MODELS}/{model}/infer`, model: '\\1', use: 'walk' },
    {
      kind: 'predict-rest',
      path: `${MODELS}/{model}/versions/{version}/infer`,
      model: '\\1/versions/\\2',
      use: 'walk',
    },
    ...Object.keys(LAST).flatMap((end) =>
      ['', '/versions/{version}'].map(
        (version) =>
          ({
            kind: 'predict-rest',
            path: `${MODELS}/{model}${version}/${end}`,
            model: version === '' ? '\\1' : '\\1/versions/\\2',
            use: 'last',
            streams: true,
          }) as const,
      ),
    ),
    { kind: 'predict-grpc', path: `${SERVICE}/ModelInfer`, use: 'walk' },
    { kind: 'predict-grpc', path: STREAM_INFER, use: 'last', streams: true },
  ],
  takesFeedback: false,
  hasNumbers: true,
  grpcModelField: INFER.modelName,
  grpcPackage: 'inference',
  unitPath,
  modelInPath,
  lastInPath,
  layoutHeader: LAYOUT_HEADER,
  // `error` is what clients of the protocol look for, `status` what Seldon's executor says.
  errorFields: (status, info) => ({
    error: info,
    status: { code: status, info, status: 'FAILURE' },
  }),
  control: {
    roots: [{ path: '/v2', below: true, service: '' }],
    http: [
      { path: '/v2', response: 'server-metadata' },
      // KServe's client reads them; the others look at the status alone.
      { path: '/v2/health/live', response: 'live', body: '{"live":true}' },
      { path: '/v2/health/ready', response: 'ready', body: '{"ready":true}' },
      { path: `${MODELS}/{unit}`, response: 'unit-metadata' },
      { path: `${MODELS}/{unit}/ready`, response: 'unit-status' },
      { path: `${MODELS}/{unit}/versions/{version}`, response: 'unit-metadata' },
      { path: `${MODELS}/{unit}/versions/{version}/ready`, response: 'unit-status' },
      { path: '/v2/docs', response: 'doc-without-slash' },
      { path: '/v2/docs/', response: 'doc' },
      { path: '/v2/docs/seldon.json', response: 'openapi' },
    ],
    grpc: {
      files: ['inference.proto'],
      services: ['inference.GRPCInferenceService'],
      methods: [
        {
          path: `${SERVICE}/ModelReady`,
          response: 'unit',
          unitPath: `${SERVICE}/ModelReady`,
          unitIn: (request) => readString(request, MODEL_READY.name),
          ask: (request) => request,
          builtIn: () => int32Field(MODEL_READY.ready, BOOLEAN_TRUE),
        },
        {
          path: `${SERVICE}/ModelMetadata`,
          response: 'unit',
          unitPath: `${SERVICE}/ModelMetadata`,
          unitIn: (request) => readString(request, MODEL_METADATA.name),
          ask: (request) => request,
          builtIn: (unit) =>
            Buffer.concat([
              stringField(MODEL_METADATA.name, unit),
              stringField(MODEL_METADATA.platform, 'sidegraph'),
            ]),
        },
        {
          path: `${SERVICE}/ServerLive`,
          response: 'made',
          make: () => int32Field(SERVER_READY.ready, BOOLEAN_TRUE),
        },
        {
          path: `${SERVICE}/ServerReady`,
          response: 'made',
          make: ({ ready }) =>
            ready ? int32Field(SERVER_READY.ready, BOOLEAN_TRUE) : Buffer.alloc(0),
        },
        {
          path: `${SERVICE}/ServerMetadata`,
          response: 'made',
          make: ({ name, version }) =>
            Buffer.concat([
              stringField(SERVER_METADATA.name, name),
              stringField(SERVER_METADATA.version, version),
            ]),
        },
      ],
    },
  },
  probe: { live: '/v2/health/live', ready: '/v2/health/ready' },
  example: {
    path: `${MODELS}/infer`,
    body: '{"inputs":[{"name":"input-0","datatype":"FP64","shape":[1,4],"data":[1.0,2.0,3.0,4.0]}]}',
    grpcPath: `${SERVICE}/ModelInfer`,
  },
};
