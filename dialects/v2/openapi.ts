// The documentation of a V2 graph's own API as an OpenAPI 3 document.
import { openApiText, read, unitParameter } from '../openapi.ts';
import type { Plan } from '../../graph/plan/plan.ts';

const ANY_OBJECT = { type: 'object', additionalProperties: {} } as const;
const TENSOR = {
  type: 'object',
  required: ['name', 'shape', 'datatype'],
  properties: {
    name: { type: 'string' },
    shape: { type: 'array', items: { type: 'integer', format: 'int64' } },
    datatype: { type: 'string' },
    parameters: ANY_OBJECT,
    data: { description: 'Numbers, texts or booleans, flat or nested', type: 'array', items: {} },
  },
} as const;

const SCHEMAS = {
  Tensor: TENSOR,
  InferRequest: {
    type: 'object',
    required: ['inputs'],
    properties: {
      id: { type: 'string' },
      parameters: ANY_OBJECT,
      inputs: { type: 'array', items: { $ref: '#/components/schemas/Tensor' } },
      outputs: { type: 'array', items: ANY_OBJECT },
    },
  },
  InferResponse: {
    type: 'object',
    required: ['outputs'],
    properties: {
      model_name: { type: 'string' },
      model_version: { type: 'string' },
      id: { type: 'string' },
      parameters: ANY_OBJECT,
      outputs: { type: 'array', items: { $ref: '#/components/schemas/Tensor' } },
    },
  },
  Error: { type: 'object', properties: { error: { type: 'string' } } },
} as const;

function content(schema: keyof typeof SCHEMAS) {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } };
}

const INFER = {
  summary: 'Ask the graph',
  requestBody: { required: true, content: content('InferRequest') },
  responses: {
    '200': { description: 'The response of the graph', content: content('InferResponse') },
    default: { description: 'What failed', content: content('Error') },
  },
} as const;

/** The OpenAPI document of a predictor's deployment, as JSON text. */
export function openApiOf(plan: Plan): string {
  const model = unitParameter(plan, 'model');
  const paths = {
    '/v2/models/infer': { post: INFER },
    '/v2/models/{model}/infer': { post: { ...INFER, parameters: [model] } },
    '/v2/models/{model}': { get: { ...read('Metadata of a unit'), parameters: [model] } },
    '/v2/models/{model}/ready': { get: { ...read('Status of a unit'), parameters: [model] } },
    '/v2': { get: read('What serves the graph') },
    '/v2/health/live': { get: read('Whether the data plane runs') },
    '/v2/health/ready': { get: read('Whether all units answer') },
  };
  return openApiText(plan, 'v2', paths, SCHEMAS);
}
