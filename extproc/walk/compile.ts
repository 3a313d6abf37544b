// Compiles the plan's tree of steps to operations, once for each transport. A step becomes: its input, the choice, the
// children as branches that end where they end, the merge, the output. Children are compiled once each, with an open
// end: the line that runs them knows where to go on.
import type { CallVerb, Choose, PlanUnit, Step } from '../../graph/plan/plan.ts';
import { NO_STATE, type UnitState } from '../policies/state-store.ts';
import { openPolicy } from '../policies/table.ts';
import type { ChoiceMaker, Op, PreparedCall } from './ops.ts';

export interface Compiler {
  readonly units: readonly PlanUnit[];
  /** Whether the response is changed after the last call, so that none is left to Envoy. */
  readonly routingInBody: boolean;
  /** Whether calls look into the message that they are made with. */
  readonly fits: boolean;
  /** What a unit has learned; undefined for one that does not learn. */
  stateOf(unit: number): UnitState | undefined;
  /** Makes the call of a unit; `readable`: its response may have to be read. */
  prepare(unit: number, verb: CallVerb, readable: boolean): PreparedCall;
}

function nameOf(compiler: Compiler, step: Step): string {
  return compiler.units[step.unit]?.name ?? '';
}

/** Whether a step may look into the message that it is given. */
function readsInput(compiler: Compiler, step: Step): boolean {
  if (step.input !== null) return step.input === 'simple-model' || compiler.fits;
  if (step.children.length === 0) return step.output && compiler.fits;
  return step.children.some((child) => readsInput(compiler, child));
}

/** The operations of a step; `readable`: whoever takes its response may look into it. */
export function compileStep(compiler: Compiler, step: Step, readable: boolean): Op | undefined {
  const logs = compiler.units[step.unit]?.logs;
  const logged = logs?.response === true;
  const end: Op | undefined = logged
    ? { kind: 'log', unit: step.unit, payload: 'response', next: undefined }
    : undefined;
  // What is logged is sent as it is meant, without content encoding.
  const work = compileWork(compiler, step, readable || logged, end);
  return logs?.request === true
    ? { kind: 'log', unit: step.unit, payload: 'request', next: work }
    : work;
}

/** What a step does between its two logs. */
function compileWork(
  compiler: Compiler,
  step: Step,
  readable: boolean,
  end: Op | undefined,
): Op | undefined {
  const mayTail = step.mayTail && !compiler.routingInBody;
  const output: Op | undefined = step.output
    ? {
        kind: 'call',
        call: compiler.prepare(step.unit, 'transform-output', readable),
        mayTail,
        marks: false,
        next: end,
      }
    : end;
  const afterMerge = step.output ? compiler.fits : readable;
  const walked = compileChildren(compiler, step, afterMerge, output);
  if (step.input === null) return walked;
  if (step.input === 'simple-model') return { kind: 'simple-model', unit: step.unit, next: walked };
  const joins = step.merge !== 'first' && step.children.length > 0;
  const inputRead =
    afterMerge || joins || step.children.some((child) => readsInput(compiler, child));
  return {
    kind: 'call',
    call: compiler.prepare(step.unit, step.input, inputRead),
    mayTail,
    // A unit that decides is listed with its choice, and only once it has made it.
    marks: step.choose === null,
    next: walked,
  };
}

function compileChildren(
  compiler: Compiler,
  step: Step,
  readable: boolean,
  output: Op | undefined,
): Op | undefined {
  if (step.choose === null || step.children.length === 0) return output;
  const merge = compileMerge(compiler, step, readable, output);
  const branchRead = step.merge === 'first' ? readable : true;
  return {
    kind: 'choose',
    unit: step.unit,
    how: choiceMaker(compiler, step, step.choose),
    ask: step.choose.kind === 'route' ? compiler.prepare(step.unit, 'route', true) : undefined,
    branches: step.children.map((child) => compileStep(compiler, child, branchRead)),
    branchNames: step.children.map((child) => nameOf(compiler, child)),
    keep: step.merge === 'first' ? 'first' : 'list',
    next: merge,
    skip: output,
  };
}

function choiceMaker(compiler: Compiler, { unit, children }: Step, choose: Choose): ChoiceMaker {
  if (choose.kind !== 'policy') return { kind: choose.kind };
  const { policy, parameters } = choose;
  const state = compiler.stateOf(unit) ?? NO_STATE;
  return {
    kind: 'policy',
    policy: openPolicy(policy, { parameters, children: children.length, state }),
  };
}

function compileMerge(
  compiler: Compiler,
  step: Step,
  readable: boolean,
  output: Op | undefined,
): Op | undefined {
  switch (step.merge) {
    case 'first':
      return output;
    case 'aggregate':
      return {
        kind: 'aggregate',
        call: compiler.prepare(step.unit, 'aggregate', readable),
        mayTail: step.mayTail && !compiler.routingInBody,
        next: output,
      };
    case 'average':
      return { kind: 'average', unit: step.unit, next: output };
  }
}

/**
 * The feedback walk: children first, then the unit's own `send-feedback`, always with the client's message. `mayTail`: the last
 * call may be Envoy's.
 */
export function compileFeedback(compiler: Compiler, root: Step, mayTail: boolean): Op {
  return (
    compileFeedbackStep(compiler, root, true, mayTail) ?? { kind: 'acknowledge', next: undefined }
  );
}

function compileFeedbackStep(
  compiler: Compiler,
  step: Step,
  isRoot: boolean,
  mayTail: boolean,
): Op | undefined {
  const call: Op | undefined = step.feedback
    ? {
        kind: 'call',
        call: compiler.prepare(step.unit, 'send-feedback', false),
        mayTail: mayTail && isRoot,
        marks: false,
        next: undefined,
      }
    : isRoot
      ? { kind: 'acknowledge', next: undefined }
      : undefined;
  const own: Op | undefined =
    compiler.units[step.unit]?.logs?.response === true
      ? { kind: 'log', unit: step.unit, payload: 'feedback', next: call }
      : call;
  const branches = step.children.map((child) => compileFeedbackStep(compiler, child, false, false));
  if (branches.every((branch) => branch === undefined)) return own;
  return {
    kind: 'choose',
    unit: step.unit,
    how: { kind: 'feedback' },
    ask: undefined,
    branches,
    branchNames: step.children.map((child) => nameOf(compiler, child)),
    keep: 'none',
    next: own,
    skip: own,
  };
}
