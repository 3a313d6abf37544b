// Turns a graph into the steps of its walk, and tells which calls Envoy may make last.
import { findBuiltIn } from '../built-ins/table.ts';
import type { Unit } from '../plan/deployment.ts';
import type { Choose, DialectName, Step } from '../plan/plan.ts';
import { callsOf } from '../plan/unit-calls.ts';
import type { UnitCalls } from '../plan/unit-calls.ts';

/** `routingInBody`: every response must be read, so no call is Envoy's. `takesFeedback`: its protocol has it, and the graph's, which is `protocol`: of a unit that
 * speaks another one the response has to be read, and of one that logs its responses. Indices are positions in pre-order. */
export function compileWalk(
  graph: Unit,
  routingInBody: boolean,
  takesFeedback: (unit: Unit) => boolean,
  protocol: DialectName,
  logsResponse: (unit: Unit) => boolean,
): Step {
  let next = 0;
  const visit = (unit: Unit, mayTailAbove: boolean): Step => {
    const index = next;
    next += 1;
    // What comes out of it is logged, so it has to come back here.
    const mayTail = mayTailAbove && !logsResponse(unit);
    const calls = callsOf(unit);
    const choose = chooseOf(unit, calls);
    const merge = mergeOf(unit, calls);
    const fansOut = choose?.kind === 'all' && unit.children.length > 1;
    const childTails = mayTail && !calls.output && merge === 'first' && !fansOut;
    return {
      unit: index,
      input: findBuiltIn(unit.builtIn)?.input ?? calls.input ?? null,
      choose: choose ?? null,
      children: unit.children.map((child) => visit(child, childTails)),
      merge,
      output: calls.output,
      feedback: takesFeedback(unit) && calls.feedback,
      mayTail: mayTail && (unit.builtIn !== undefined || unit.protocol === protocol),
    };
  };
  return visit(graph, !routingInBody);
}

function chooseOf(unit: Unit, calls: UnitCalls): Choose | undefined {
  if (unit.children.length === 0) return undefined;
  const builtIn = findBuiltIn(unit.builtIn);
  if (builtIn?.policy !== undefined)
    return {
      kind: 'policy',
      policy: builtIn.name,
      parameters: builtIn.policy.parameters(unit.parameters),
    };
  return { kind: calls.route ? 'route' : 'all' };
}

function mergeOf(unit: Unit, calls: UnitCalls): Step['merge'] {
  return findBuiltIn(unit.builtIn)?.merge ?? (calls.aggregate ? 'aggregate' : 'first');
}
