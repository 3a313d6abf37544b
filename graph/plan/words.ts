// The words of the format: types, methods, servers; built-ins are in graph/built-ins. What each kind of unit is asked is in `unit-calls.ts`.
import type { LoggerMode, Method, ParameterType } from './deployment.ts';
import type { DialectName, UnitType } from './plan.ts';

export const UNIT_TYPES: readonly UnitType[] = [
  'UNKNOWN_TYPE',
  'ROUTER',
  'COMBINER',
  'MODEL',
  'TRANSFORMER',
  'OUTPUT_TRANSFORMER',
];

/** What a logger sends of the payloads of its unit. */
export const LOGGER_MODES: readonly LoggerMode[] = ['all', 'request', 'response'];

export const METHODS: readonly Method[] = [
  'TRANSFORM_INPUT',
  'TRANSFORM_OUTPUT',
  'ROUTE',
  'AGGREGATE',
  'SEND_FEEDBACK',
];

export const PARAMETER_TYPES: readonly ParameterType[] = [
  'INT',
  'FLOAT',
  'DOUBLE',
  'STRING',
  'BOOL',
];

/** Servers that protocol `tensorflow` cannot use (Seldon's webhook). */
export const NOT_TENSORFLOW = [
  'SKLEARN_SERVER',
  'XGBOOST_SERVER',
  'MLFLOW_SERVER',
  'HUGGINGFACE_SERVER',
];

export function parseUnitType(type: string | undefined): UnitType | undefined {
  return UNIT_TYPES.find((known) => known === type);
}

export function parseMethod(method: string): Method | undefined {
  return METHODS.find((known) => known === method);
}

export function parseParameterType(type: string): ParameterType | undefined {
  return PARAMETER_TYPES.find((known) => known === type);
}

/** The protocols by the words of `spec.protocol`; `kfserving` is the old name of `v2`. */
const PROTOCOLS: ReadonlyMap<string, DialectName> = new Map([
  ['seldon', 'seldon'],
  ['tensorflow', 'tensorflow'],
  ['kfserving', 'v2'],
  ['v2', 'v2'],
  ['openai', 'openai'],
]);

export const PROTOCOL_WORDS: readonly string[] = [...PROTOCOLS.keys()];

export function parseProtocol(word: string): DialectName | undefined {
  return PROTOCOLS.get(word);
}
