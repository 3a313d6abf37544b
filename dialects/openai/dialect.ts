// OpenAI's protocol, as servers of language models speak it: a model is asked on the path on which the client asks. Requests name a
// model in their body, which is the models' and the routers' matter; over gRPC there is nothing.
import type { Verb } from '../../graph/plan/plan.ts';
import type { Dialect, LastCall } from '../dialect.ts';

const CHAT = '/v1/chat/completions';
const PATHS: readonly string[] = [CHAT, '/v1/completions', '/v1/embeddings', '/v1/responses'];

/** What is no model is asked as a unit of Seldon is: the request's body, or the response's, goes in and comes out. */
const UNIT_PATHS: Readonly<Record<Verb, string | undefined>> = {
  predict: CHAT,
  'transform-input': '/transform-input',
  'transform-output': '/transform-output',
  route: '/route',
  aggregate: '/aggregate',
  'send-feedback': undefined,
  status: '/health',
  metadata: '/v1/models',
};

function lastInPath(path: string): LastCall | undefined {
  const query = path.indexOf('?');
  const asked = query < 0 ? path : path.slice(0, query);
  return PATHS.includes(asked) ? { pathOf: () => path, everywhere: true, fits: false } : undefined;
}

/** 500 and above are ours, so are they in the words of the protocol. */
function errorType(status: number | string): string {
  return Number(status) < 500 ? 'invalid_request_error' : 'server_error';
}

export const OPENAI: Dialect = {
  name: 'openai',
  clientRoutes: PATHS.map((path) => ({ kind: 'predict-rest', path, use: 'last', streams: true })),
  takesFeedback: false,
  hasNumbers: false,
  grpcModelField: undefined,
  grpcPackage: undefined,
  unitPath: (_model, verb, transport) => (transport === 'rest' ? UNIT_PATHS[verb] : undefined),
  modelInPath: undefined,
  lastInPath,
  layoutHeader: undefined,
  errorFields: (status, info) => ({
    error: { message: info, type: errorType(status), param: null, code: status },
  }),
  control: {
    roots: [
      { path: '/v1/models', below: false, service: '' },
      { path: '/health', below: false, service: '' },
    ],
    http: [
      { path: '/v1/models', response: 'models' },
      { path: '/health', response: 'ready' },
    ],
    grpc: { files: [], services: [], methods: [] },
  },
  probe: undefined,
  example: {
    path: CHAT,
    body: '{"model":"m","messages":[{"role":"user","content":"Hello"}]}',
    grpcPath: undefined,
  },
};
