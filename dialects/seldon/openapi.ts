// The documentation of a graph's own API: an OpenAPI 3 document with the deployment's paths, and a page that shows it
// without loading anything from elsewhere.
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
} as const;

/** The OpenAPI document of a predictor's deployment, as JSON text. */
export function openApiOf(plan: Plan): string {
  const unit = {
    name: 'unit',
    in: 'path',
    required: true,
    schema: { type: 'string', enum: plan.units.map(({ name }) => name) },
  };
  return JSON.stringify({
    openapi: '3.0.3',
    info: {
      title: `${plan.namespace}/${plan.deployment}`,
      version: 'v1.0',
      description: 'The external API of an inference graph.',
    },
    servers: [{ url: `/seldon/${plan.namespace}/${plan.deployment}` }, { url: '/' }],
    paths: {
      '/api/v1.0/predictions': { post: post('Ask the graph', 'SeldonMessage') },
      '/api/v1.0/feedback': { post: post('Tell the graph how good an answer was', 'Feedback') },
      '/api/v1.0/status': { get: read('Whether all units answer') },
      '/api/v1.0/status/{unit}': { get: { ...read('Status of a unit'), parameters: [unit] } },
      '/api/v1.0/metadata': { get: read('Metadata of the graph') },
      '/api/v1.0/metadata/{unit}': { get: { ...read('Metadata of a unit'), parameters: [unit] } },
    },
    components: { schemas: SCHEMAS },
  });
}

function post(summary: string, message: 'SeldonMessage' | 'Feedback') {
  return {
    summary,
    requestBody: { required: true, content: content(message) },
    responses: {
      '200': { description: 'The answer of the graph', content: content('SeldonMessage') },
      default: { description: 'What failed', content: content('SeldonMessage') },
    },
  };
}

function read(summary: string) {
  return { summary, responses: { '200': { description: 'OK' } } };
}

function content(message: 'SeldonMessage' | 'Feedback') {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${message}` } } };
}

/** Reads `seldon.json` beside it and lists the operations; a request can be sent from the page. */
export const DOC_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Inference graph API</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
  section { border: 1px solid #ddd; border-radius: 6px; margin: 1rem 0; padding: .5rem 1rem }
  b { display: inline-block; min-width: 3.5rem; color: #06c } code, textarea, pre { font: 13px/1.45 ui-monospace, monospace }
  textarea { width: 100%; box-sizing: border-box } pre { background: #f6f6f6; padding: .75rem; overflow: auto; max-height: 30rem }
</style>
<h1 id="title">Inference graph API</h1>
<p>The whole description: <a href="seldon.json">seldon.json</a> (OpenAPI 3).</p>
<div id="operations"></div>
<script>
const base = location.pathname.replace(/\\/api\\/v[^/]+\\/doc\\/.*$/, '');
const sample = { predictions: '{"data":{"ndarray":[[1,2,3]]}}', feedback: '{"reward":1}' };
const make = (tag, text) => Object.assign(document.createElement(tag), { textContent: text ?? '' });
fetch('seldon.json').then((answer) => answer.json()).then((api) => {
  document.getElementById('title').textContent = document.title = api.info.title;
  for (const [path, operations] of Object.entries(api.paths))
    for (const [method, operation] of Object.entries(operations)) show(path, method, operation);
});
function show(path, method, operation) {
  const section = make('section');
  const head = make('p');
  head.append(make('b', method.toUpperCase()), make('code', path), make('span', ' – ' + operation.summary));
  const body = make('textarea');
  body.value = sample[path.split('/').pop()] ?? '';
  const unit = Object.assign(make('select'), { hidden: !operation.parameters });
  for (const name of operation.parameters?.[0].schema.enum ?? []) unit.append(make('option', name));
  const send = make('button', 'send');
  const answer = Object.assign(make('pre'), { hidden: true });
  send.onclick = async () => {
    const init = method === 'post' ? { method, body: body.value, headers: { 'content-type': 'application/json' } } : { method };
    const response = await fetch(base + path.replace('{unit}', encodeURIComponent(unit.value)), init);
    answer.hidden = false;
    answer.textContent = response.status + ' ' + response.statusText + '\\n' + (await response.text());
  };
  section.append(head, unit, ...(method === 'post' ? [body] : []), send, answer);
  document.getElementById('operations').append(section);
}
</script>
</html>
`;
