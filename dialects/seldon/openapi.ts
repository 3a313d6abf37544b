// The documentation of a graph's own API: an OpenAPI 3 document with the deployment's paths.
import { openApiText, read, unitParameter } from '../openapi.ts';
import type { Plan } from '../../graph/plan/plan.ts';

const SCHEMAS = {
  SeldonMessage: {
    type: 'object',
    description: 'One of data, binData, strData, jsonData or customData carries the payload.',
    properties: {
      status: { $ref: '#/components/schemas/Status' },
      meta: { $ref: '#/components/schemas/Meta' },
      data: { $ref: '#/components/schemas/DefaultData' },
      binData: { type: 'string', format: 'byte' },
      strData: { type: 'string' },
      jsonData: {},
      customData: { type: 'object' },
    },
  },
  DefaultData: {
    type: 'object',
    description: 'One of tensor, ndarray or tftensor carries the values.',
    properties: {
      names: { type: 'array', items: { type: 'string' } },
      tensor: { $ref: '#/components/schemas/Tensor' },
      ndarray: { type: 'array', items: {} },
      tftensor: { type: 'object' },
    },
  },
  Tensor: {
    type: 'object',
    properties: {
      shape: { type: 'array', items: { type: 'integer', format: 'int32' } },
      values: { type: 'array', items: { type: 'number', format: 'double' } },
    },
  },
  Meta: {
    type: 'object',
    properties: {
      puid: { type: 'string' },
      tags: { type: 'object', additionalProperties: {} },
      routing: { type: 'object', additionalProperties: { type: 'integer', format: 'int32' } },
      requestPath: { type: 'object', additionalProperties: { type: 'string' } },
      metrics: { type: 'array', items: { $ref: '#/components/schemas/Metric' } },
    },
  },
  Metric: {
    type: 'object',
    properties: {
      key: { type: 'string' },
      type: { type: 'string', enum: ['COUNTER', 'GAUGE', 'TIMER'] },
      value: { type: 'number', format: 'float' },
      tags: { type: 'object', additionalProperties: { type: 'string' } },
    },
  },
  Status: {
    type: 'object',
    properties: {
      code: { type: 'integer', format: 'int32' },
      info: { type: 'string' },
      reason: { type: 'string' },
      status: { type: 'string', enum: ['SUCCESS', 'FAILURE'] },
    },
  },
  Feedback: {
    type: 'object',
    properties: {
      request: { $ref: '#/components/schemas/SeldonMessage' },
      response: { $ref: '#/components/schemas/SeldonMessage' },
      reward: { type: 'number', format: 'float' },
      truth: { $ref: '#/components/schemas/SeldonMessage' },
    },
  },
  FeedbackByPuid: {
    type: 'object',
    description: 'Feedback for a request that the graph remembers.',
    required: ['puid'],
    additionalProperties: false,
    properties: {
      puid: { type: 'string', description: 'Seldon-Puid of the response' },
      reward: { type: 'number', format: 'float' },
      truth: { $ref: '#/components/schemas/SeldonMessage' },
      request: { $ref: '#/components/schemas/SeldonMessage' },
    },
  },
} as const;

/** The OpenAPI document of a predictor's deployment, as JSON text. */
export function openApiOf(plan: Plan): string {
  const unit = unitParameter(plan, 'unit');
  const paths = {
    '/api/v1.0/predictions': { post: post('Ask the graph', reference('SeldonMessage')) },
    '/api/v1.0/feedback': {
      post: post('Tell the graph how good a response was', {
        oneOf: [reference('Feedback'), reference('FeedbackByPuid')],
      }),
    },
    '/api/v1.0/status': { get: read('Whether all units answer') },
    '/api/v1.0/status/{unit}': { get: { ...read('Status of a unit'), parameters: [unit] } },
    '/api/v1.0/metadata': { get: read('Metadata of the graph') },
    '/api/v1.0/metadata/{unit}': { get: { ...read('Metadata of a unit'), parameters: [unit] } },
  };
  return openApiText(plan, 'v1.0', paths, SCHEMAS);
}

function post(summary: string, message: object) {
  return {
    summary,
    requestBody: { required: true, content: content(message) },
    responses: {
      '200': {
        description: 'The response of the graph',
        content: content(reference('SeldonMessage')),
      },
      default: { description: 'What failed', content: content(reference('SeldonMessage')) },
    },
  };
}

function content(schema: object) {
  return { 'application/json': { schema } };
}

function reference(schema: keyof typeof SCHEMAS) {
  return { $ref: `#/components/schemas/${schema}` };
}
