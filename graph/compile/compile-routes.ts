// Decides, for each kind of request, whether Envoy does it alone. It can when all that is left is a draw and one call:
// a single unit, a built-in that only draws, a parent that makes no calls over one child, and products of them.
import type { Dialect } from '../../dialects/dialect.ts';
import { SELDON } from '../../dialects/seldon/dialect.ts';
import { findPolicy } from '../built-ins/table.ts';
import { MAX_ROUTING_HEADER_BYTES } from '../plan/names.ts';
import { NATIVE_WEIGHT_TOTAL } from '../plan/plan.ts';
import type {
  CallVerb,
  NativeTarget,
  PlanRoutes,
  PlanUnit,
  RouteDecision,
  RouteKind,
  Step,
} from '../plan/plan.ts';

/** Envoy matches a route with more arms than these slower than the filter answers. */
const MAX_NATIVE_TARGETS = 256;

interface Arm {
  readonly unit: number;
  readonly verb: CallVerb;
  /** Probability, above 0. */
  readonly share: number;
  /** Unit name and branch, in the order of the walk. */
  readonly decisions: readonly (readonly [string, number])[];
}

type Arms =
  | { readonly kind: 'arms'; readonly arms: readonly Arm[] }
  | { readonly kind: 'none'; readonly reason: string };

export function compileRoutes(
  walk: Step,
  units: readonly PlanUnit[],
  routingInBody: boolean,
  dialect: Dialect = SELDON,
  isForeign: (unit: number) => boolean = () => false,
): PlanRoutes {
  const predict = whereSpoken(decidePredict(walk, units, routingInBody), units, isForeign);
  const feedback = decideFeedback(walk, units);
  const has = (kind: RouteKind, decision: RouteDecision): RouteDecision =>
    dialect.clientRoutes.some((route) => route.kind === kind)
      ? decision
      : { kind: 'absent', reason: `protocol ${dialect.name} has no such request` };
  return {
    'predict-rest': has('predict-rest', predict),
    'predict-grpc': has('predict-grpc', whereNamed(predict, dialect)),
    'feedback-rest': has('feedback-rest', feedback),
    'feedback-grpc': has('feedback-grpc', feedback),
  };
}

/** What a unit of another protocol is sent, and sends, is put into the other words by the filter. */
function whereSpoken(
  decision: RouteDecision,
  units: readonly PlanUnit[],
  isForeign: (unit: number) => boolean,
): RouteDecision {
  if (decision.kind !== 'native') return decision;
  const foreign = decision.targets.find(({ unit }) => isForeign(unit));
  if (foreign === undefined) return decision;
  const name = units[foreign.unit]?.name ?? '';
  return { kind: 'graph', reason: `${name} speaks another protocol than the graph` };
}

/** A message that names its model inside of another one is out of Envoy's reach, and a draw needs it to name each unit. */
function whereNamed(decision: RouteDecision, dialect: Dialect): RouteDecision {
  const isOutOfReach = dialect.modelInPath !== undefined && dialect.grpcModelField === undefined;
  if (decision.kind !== 'native' || decision.targets.length < 2 || !isOutOfReach) return decision;
  return { kind: 'graph', reason: 'a message names its model, and each unit has its own' };
}

function decidePredict(
  walk: Step,
  units: readonly PlanUnit[],
  routingInBody: boolean,
): RouteDecision {
  if (routingInBody)
    return { kind: 'graph', reason: 'meta.routing is written into the body of the response' };
  const found = findArms(walk, units);
  if (found.kind === 'none') return { kind: 'graph', reason: found.reason };
  if (found.arms.length > MAX_NATIVE_TARGETS)
    return { kind: 'graph', reason: `over ${MAX_NATIVE_TARGETS} paths through the draws` };
  const weights = apportion(found.arms.map((arm) => arm.share));
  if (weights === undefined)
    return { kind: 'graph', reason: 'a share is under one in a million requests' };
  const targets = found.arms.map(
    (arm, index): NativeTarget => ({
      unit: arm.unit,
      verb: arm.verb,
      weight: weights[index] ?? 0,
      routing: renderRouting(arm.decisions),
    }),
  );
  return { kind: 'native', reason: nativeReason(walk, targets), targets };
}

function nativeReason(walk: Step, targets: readonly NativeTarget[]): string {
  if (walk.children.length === 0) return 'one unit, one call';
  return targets.length === 1
    ? 'every request ends in the same single call'
    : `a draw by weight, then one call (${targets.length} targets)`;
}

function findArms(step: Step, units: readonly PlanUnit[]): Arms {
  const name = units[step.unit]?.name ?? '';
  if (units[step.unit]?.logs !== undefined)
    return { kind: 'none', reason: `the payloads of ${name} are logged` };
  if (step.choose === null) return leafArms(step, name);
  const own = ownWork(step);
  if (own !== undefined) return { kind: 'none', reason: `${name} ${own}` };
  if (step.choose.kind !== 'policy') return joinArms(step, units, [1], undefined);
  const { policy, parameters } = step.choose;
  const shares = findPolicy(policy)?.shares?.(parameters);
  return shares === undefined
    ? { kind: 'none', reason: `${name} chooses by the built-in ${policy}` }
    : joinArms(step, units, shares, name);
}

/** What an inner unit does besides choosing a child by itself, in words; undefined for nothing. */
function ownWork(step: Step): string | undefined {
  if (step.input !== null) return `is called to ${step.input} before its children`;
  if (step.choose?.kind === 'route') return 'is called for the route';
  if (step.merge === 'average') return 'averages the responses of its children';
  if (step.merge === 'aggregate') return 'is called to aggregate the responses of its children';
  if (step.output) return 'is called to transform-output after its children';
  if (step.choose?.kind === 'all' && step.children.length > 1) return 'calls several children';
  return undefined;
}

function leafArms(step: Step, name: string): Arms {
  if (step.input === 'simple-model')
    return { kind: 'none', reason: `${name} is the built-in SIMPLE_MODEL: no call` };
  if (step.input !== null && step.output)
    return { kind: 'none', reason: `${name} is called twice: ${step.input}, transform-output` };
  const verb = step.input ?? (step.output ? 'transform-output' : undefined);
  if (verb === undefined) return { kind: 'none', reason: `${name} is not called at all` };
  return { kind: 'arms', arms: [{ unit: step.unit, verb, share: 1, decisions: [] }] };
}

/** The arms of the first children, each with its share; `decider` names the unit that chose, undefined for no choice. */
function joinArms(
  step: Step,
  units: readonly PlanUnit[],
  shares: readonly number[],
  decider: string | undefined,
): Arms {
  const joined: Arm[] = [];
  for (const [branch, share] of shares.entries()) {
    const child = step.children[branch];
    if (child === undefined || share === 0) continue;
    const found = findArms(child, units);
    if (found.kind === 'none') return found;
    const decision: [string, number][] = decider === undefined ? [] : [[decider, branch]];
    for (const arm of found.arms) {
      const decisions = [...decision, ...arm.decisions];
      joined.push({ ...arm, share: arm.share * share, decisions });
    }
    if (joined.length > MAX_NATIVE_TARGETS) break;
  }
  return { kind: 'arms', arms: joined };
}

/**
 * Shares as whole parts of `NATIVE_WEIGHT_TOTAL`, by largest remainder, the earlier one first where they are equal;
 * undefined when one would get nothing.
 */
function apportion(shares: readonly number[]): number[] | undefined {
  const exact = shares.map((share) => share * NATIVE_WEIGHT_TOTAL);
  const weights = exact.map((value) => Math.floor(value + 1e-9));
  const missing = NATIVE_WEIGHT_TOTAL - weights.reduce((sum, weight) => sum + weight, 0);
  const order = exact
    .map((value, index) => ({ index, rest: value - (weights[index] ?? 0) }))
    .sort((left, right) => right.rest - left.rest || left.index - right.index);
  for (const { index } of order.slice(0, missing)) weights[index] = (weights[index] ?? 0) + 1;
  return weights.every((weight) => weight > 0) ? weights : undefined;
}

/** Compact JSON with the names in the order of the walk; '' for none, and for one too long for a header. */
function renderRouting(decisions: Arm['decisions']): string {
  if (decisions.length === 0) return '';
  const fields = decisions.map(([name, branch]) => `${JSON.stringify(name)}:${branch}`);
  const text = `{${fields.join(',')}}`;
  return Buffer.byteLength(text) > MAX_ROUTING_HEADER_BYTES ? '' : text;
}

/** Feedback goes by the routing in its body, so only a single unit's is Envoy's. */
function decideFeedback(walk: Step, units: readonly PlanUnit[]): RouteDecision {
  const name = units[walk.unit]?.name ?? '';
  if (walk.children.length > 0)
    return { kind: 'graph', reason: 'feedback follows the routing of its prediction' };
  if (!walk.feedback)
    return { kind: 'graph', reason: `${name} takes no feedback: the request is its own response` };
  if (units[walk.unit]?.logs?.response === true)
    return { kind: 'graph', reason: `the payloads of ${name} are logged` };
  const target = {
    unit: walk.unit,
    verb: 'send-feedback',
    weight: NATIVE_WEIGHT_TOTAL,
    routing: '',
  } as const;
  return { kind: 'native', reason: 'one unit, one call', targets: [target] };
}
