// The words of the format: types, methods, built-ins, servers. What each kind of unit is asked stands in `unit-calls.ts`.
import type { Method, ParameterType } from './deployment.ts';
import type { BuiltIn, UnitType } from './plan.ts';

export const UNIT_TYPES: readonly UnitType[] = [
  'UNKNOWN_TYPE',
  'ROUTER',
  'COMBINER',
  'MODEL',
  'TRANSFORMER',
  'OUTPUT_TRANSFORMER',
];

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

/** The type that goes without saying beside each built-in. */
export const BUILT_IN_TYPES: Readonly<Record<BuiltIn, UnitType>> = {
  SIMPLE_MODEL: 'MODEL',
  SIMPLE_ROUTER: 'ROUTER',
  RANDOM_ABTEST: 'ROUTER',
  AVERAGE_COMBINER: 'COMBINER',
};

/** Servers that protocol `tensorflow` cannot use (Seldon's webhook). */
export const NOT_TENSORFLOW = [
  'SKLEARN_SERVER',
  'XGBOOST_SERVER',
  'MLFLOW_SERVER',
  'HUGGINGFACE_SERVER',
];

export function parseBuiltIn(implementation: string | undefined): BuiltIn | null {
  return implementation !== undefined && Object.hasOwn(BUILT_IN_TYPES, implementation)
    ? (implementation as BuiltIn)
    : null;
}

/** The key of a prepackaged server: any implementation that is not built in. */
export function parseServer(implementation: string | undefined): string | null {
  if (implementation === undefined || implementation === 'UNKNOWN_IMPLEMENTATION') return null;
  return parseBuiltIn(implementation) === null ? implementation : null;
}

export function parseUnitType(type: string | undefined): UnitType | undefined {
  return UNIT_TYPES.find((known) => known === type);
}

export function parseMethod(method: string): Method | undefined {
  return METHODS.find((known) => known === method);
}

export function parseParameterType(type: string): ParameterType | undefined {
  return PARAMETER_TYPES.find((known) => known === type);
}
