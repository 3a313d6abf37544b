// What a unit is asked: its type's calls and, added to them, those of its methods (Seldon's executor,
// `predictor_process.go`). A built-in makes no calls.
import type { Method, Unit } from './deployment.ts';
import type { CallVerb, UnitType } from './plan.ts';

export interface UnitCalls {
  readonly input: 'predict' | 'transform-input' | undefined;
  readonly route: boolean;
  readonly aggregate: boolean;
  readonly output: boolean;
  readonly feedback: boolean;
}

const NO_CALLS: UnitCalls = {
  input: undefined,
  route: false,
  aggregate: false,
  output: false,
  feedback: false,
};

export function callsOf(unit: Pick<Unit, 'type' | 'builtIn' | 'methods'>): UnitCalls {
  if (unit.builtIn !== undefined) return NO_CALLS;
  const is = (type: UnitType, method: Method): boolean =>
    unit.type === type || unit.methods.includes(method);
  return {
    // A unit that could do both is asked to transform only.
    input: is('TRANSFORMER', 'TRANSFORM_INPUT')
      ? 'transform-input'
      : unit.type === 'MODEL'
        ? 'predict'
        : undefined,
    route: is('ROUTER', 'ROUTE'),
    aggregate: is('COMBINER', 'AGGREGATE'),
    output: is('OUTPUT_TRANSFORMER', 'TRANSFORM_OUTPUT'),
    feedback: is('MODEL', 'SEND_FEEDBACK') || unit.type === 'ROUTER',
  };
}

/** The verbs of the calls, in the order of `CallVerb`. */
export function verbsOf(calls: UnitCalls): CallVerb[] {
  const verbs: CallVerb[] = calls.input === undefined ? [] : [calls.input];
  if (calls.output) verbs.push('transform-output');
  if (calls.route) verbs.push('route');
  if (calls.aggregate) verbs.push('aggregate');
  if (calls.feedback) verbs.push('send-feedback');
  return verbs;
}
