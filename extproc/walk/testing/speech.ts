// How the units of random graphs speak in each protocol, as plain text and written without the code of the dialects: what they answer,
// where a branch and rows of numbers stand in it, and what becomes of a response before the next unit.
import type { DialectName } from '../../../graph/plan/plan.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface Speech {
  readonly protocol: DialectName;
  /** What the client sends. */
  readonly request: string;
  /** A response with rows of numbers; `by` and `of` tell responses apart. */
  answer(by: string, of: number, row: string): string;
  /** A router's response; `drawn` chooses among its forms. */
  route(branch: string, drawn: number): string;
  branchIn(response: Json): unknown;
  /** The rows of a response, undefined where it has none. */
  rowsIn(response: Json): number[][] | undefined;
  withRows(response: Json, rows: number[][] | undefined): Json;
  simpleModel(asked: string, unit: string): string;
  /** A response as the next unit's request, or the code of what is wrong with it. */
  chain(response: string): { readonly text: string } | { readonly code: string };
}

interface SeldonData {
  readonly ndarray?: number[][];
  readonly tensor?: { readonly shape: [number, number]; readonly values: number[] };
}

function dataIn(response: Json): SeldonData | undefined {
  return response['data'] as SeldonData | undefined;
}

const SIMPLE_VALUES = [0.1, 0.9, 0.5];

export const SELDON_SPEECH: Speech = {
  protocol: 'seldon',
  request: '{"data":{"ndarray":[[1,2]]}}',
  answer: (by, of, row) => `{"by":"${by}","of":${of},"data":{"names":["a"],"ndarray":[${row}]}}`,
  route: (branch) => `{"data":{"names":[],"ndarray":[[${branch}]]}}`,
  branchIn: (response) => dataIn(response)?.ndarray?.[0]?.[0],
  rowsIn(response) {
    const { ndarray, tensor } = dataIn(response) ?? {};
    if (ndarray !== undefined || tensor === undefined) return ndarray;
    const { shape, values } = tensor;
    return Array.from({ length: shape[0] }, (_, row) =>
      values.slice(row * shape[1], (row + 1) * shape[1]),
    );
  },
  withRows(response, rows) {
    const data = dataIn(response);
    return data?.ndarray === undefined
      ? { ...response, data: { ...data, tensor: { ...data?.tensor, values: rows?.flat() } } }
      : { ...response, data: { ...data, ndarray: rows } };
  },
  /** What the old engine's SIMPLE_MODEL answers to a message. */
  simpleModel(asked) {
    let strData: unknown;
    try {
      ({ strData } = JSON.parse(asked) as { strData?: unknown });
    } catch {
      // Not for it to say.
    }
    const data = {
      names: ['class0', 'class1', 'class2'],
      tensor: { shape: [1, 3], values: SIMPLE_VALUES },
    };
    return JSON.stringify({
      status: { status: 'SUCCESS' },
      meta: {
        metrics: [
          { key: 'mymetric_counter', type: 'COUNTER', value: 1 },
          { key: 'mymetric_gauge', type: 'GAUGE', value: 100 },
          { key: 'mymetric_timer', type: 'TIMER', value: 22.1 },
        ],
      },
      ...(strData === undefined ? { data } : { strData }),
    });
  },
  chain: (text) => ({ text }),
};

/** A response with one key renamed, of the first of the names that it has. */
function renamed(
  response: string,
  requests: readonly string[],
  names: Readonly<Record<string, string>>,
): { readonly text: string } | { readonly code: string } {
  let value: unknown;
  try {
    value = JSON.parse(response);
  } catch {
    return { code: 'ANSWER_MALFORMED' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { code: 'ANSWER_MALFORMED' };
  }
  if (requests.some((name) => name in value)) return { text: response };
  for (const [from, to] of Object.entries(names)) {
    if (from in value) return { text: response.replace(`"${from}":`, `"${to}":`) };
  }
  return { code: 'ANSWER_NOT_CHAINABLE' };
}

interface V2Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: number[];
}

function outputIn(response: Json): V2Tensor | undefined {
  return (response['outputs'] as V2Tensor[] | undefined)?.[0];
}

export const V2_SPEECH: Speech = {
  protocol: 'v2',
  request: '{"inputs":[{"name":"x","datatype":"FP64","shape":[2],"data":[1,2]}]}',
  answer(by, of, row) {
    const { length } = JSON.parse(row) as number[];
    return `{"model_name":"${by}","outputs":[{"name":"o","datatype":"FP64","shape":[${length}],"data":${row}}],"parameters":{"of":${of}}}`;
  },
  route: (branch, drawn) =>
    drawn % 3 === 0
      ? SELDON_SPEECH.route(branch, drawn)
      : `{"outputs":[{"name":"r","datatype":"FP64","shape":[1],"data":[${branch}]}]}`,
  branchIn: (response) => outputIn(response)?.data[0] ?? SELDON_SPEECH.branchIn(response),
  rowsIn(response) {
    const output = outputIn(response);
    return output === undefined ? undefined : [output.data];
  },
  withRows: (response, rows) => ({
    ...response,
    outputs: [{ ...outputIn(response), data: rows?.[0] }],
  }),
  simpleModel: (_asked, unit) =>
    JSON.stringify({
      model_name: unit,
      outputs: [{ name: 'output-0', datatype: 'FP64', shape: [1, 3], data: SIMPLE_VALUES }],
    }),
  chain: (response) => renamed(response, ['inputs'], { outputs: 'inputs' }),
};

export const TENSORFLOW_SPEECH: Speech = {
  protocol: 'tensorflow',
  request: '{"instances":[[1,2]]}',
  answer: (by, of, row) => `{"by":"${by}","of":${of},"predictions":[${row}]}`,
  route: (branch, drawn) =>
    drawn % 3 === 0 ? `{"outputs":[${branch}]}` : `{"predictions":[[${branch}]]}`,
  branchIn(response) {
    const [first] = (response['predictions'] ?? response['outputs'] ?? []) as (number | number[])[];
    return Array.isArray(first) ? first[0] : first;
  },
  rowsIn: (response) => response['predictions'] as number[][] | undefined,
  withRows: (response, rows) => ({ ...response, predictions: rows }),
  simpleModel: () => JSON.stringify({ predictions: [SIMPLE_VALUES] }),
  chain: (response) =>
    renamed(response, ['instances', 'inputs'], { predictions: 'instances', outputs: 'inputs' }),
};

export const SPEECHES: readonly Speech[] = [SELDON_SPEECH, V2_SPEECH, TENSORFLOW_SPEECH];
