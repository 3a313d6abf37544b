// Turns a plan into a program, once: clients opened, paths and keys prepared, the walk as operations for each kind of
// request. The program then runs requests without looking at the plan again.
import { unitNameOf } from '../../graph/plan/queries.ts';
import { tailKey, transportOf } from '../../graph/plan/names.ts';
import type { CallVerb, Edge, Plan, Policy, RouteKind, Transport } from '../../graph/plan/plan.ts';
import type { ErrorCode } from '../../graph/plan/errors.ts';
import type { UnitClient } from '../contract/calls.ts';
import type { Program, Route } from '../contract/program.ts';
import { dialectOf } from '../../dialects/known/dialects.ts';
import { messagesOf, transcoderOf } from '../../dialects/known/messages.ts';
import { compileFeedback, compileStep, type Compiler } from './compile.ts';
import { buildDecisionTable } from './decisions.ts';
import { compileAsked } from './asked.ts';
import { FeedbackRoute } from './feedback.ts';
import type { PreparedCall } from './ops.ts';
import type { ProgramDeps, WalkPlan } from './context.ts';
import type { Remember } from '../feedback/branch-memory.ts';
import { noLessons, openLessons, type PlanLessons } from '../feedback/lessons.ts';
import type { FeedbackTally } from '../feedback/totals.ts';
import { MemoryStore } from '../policies/memory-store.ts';
import { Walk } from './walk.ts';

/** Never throws for a plan that the compiler made; a unit without an address fails the calls to it. */
export function compileProgram(plan: Plan, deps: ProgramDeps): Program {
  const clients = new Map<Edge, UnitClient>();
  const clientOf = (edge: Edge): UnitClient => {
    const known = clients.get(edge);
    if (known !== undefined) return known;
    const client = deps.clientFor(edge);
    clients.set(edge, client);
    return client;
  };
  const { feedback } = deps;
  const memory = plan.feedbackMemory === undefined ? undefined : feedback?.memory.open(plan);
  const isFollowed =
    plan.routes['feedback-rest'].kind === 'graph' || plan.routes['feedback-grpc'].kind === 'graph';
  const tally = isFollowed ? feedback?.totals.open(plan) : undefined;
  const lessons = openLessons(
    plan,
    feedback?.states ?? new MemoryStore(),
    feedback?.lessons ?? noLessons(),
  );
  const parts: SharedParts = {
    plan,
    deps,
    clientOf,
    remember: memory?.remember,
    tally,
    lessons,
  };
  const restFeedback = compileFeedbackRoute(parts, 'feedback-rest');
  const grpcFeedback = compileFeedbackRoute(parts, 'feedback-grpc');
  const routes: Record<RouteKind, Route> = {
    'predict-rest': compilePredictRoute(parts, 'predict-rest'),
    'predict-grpc': compilePredictRoute(parts, 'predict-grpc'),
    'feedback-rest': restFeedback.route,
    'feedback-grpc': grpcFeedback.route,
  };
  return {
    hash: plan.hash,
    route: (kind) => routes[kind],
    close() {
      memory?.close();
      tally?.close();
      lessons.close();
      restFeedback.close();
      grpcFeedback.close();
      deps.payloads?.close();
      for (const client of clients.values()) client.close();
      clients.clear();
    },
  };
}

/** What the routes of a program share. */
interface SharedParts {
  readonly plan: Plan;
  readonly deps: ProgramDeps;
  readonly clientOf: (edge: Edge) => UnitClient;
  readonly remember: Remember | undefined;
  readonly tally: FeedbackTally | undefined;
  readonly lessons: PlanLessons;
}

/** Stands for a unit that cannot be called at all. */
function failing(code: ErrorCode, text: string): UnitClient {
  return {
    headerForm: 'http1',
    call(_request, done) {
      done({ kind: 'failure', code, text });
      return { cancel() {} };
    },
    close() {},
  };
}

/** What a message is fitted for: routers and combiners are asked with the messages as they are. */
const FITTED: ReadonlySet<CallVerb> = new Set(['predict', 'transform-input', 'transform-output']);

/** The longest that Envoy waits between two attempts. */
const RETRY_BACK_OFF_MS = 100;

/** The bound of a call: of its one attempt, or of all that Envoy may make, each of which Envoy bounds. */
function callTimeout(policy: Policy, transport: Transport, retries: number): number | undefined {
  const attemptMs = transport === 'rest' ? policy.restTimeoutMs : policy.grpcTimeoutMs;
  if (attemptMs === null) return undefined;
  return attemptMs * (1 + retries) + retries * RETRY_BACK_OFF_MS;
}

function compilePredictRoute(parts: SharedParts, kind: RouteKind): Route {
  const { plan, deps, remember } = parts;
  const { compiler, shared, maxBodyBytes } = compileShared(parts, kind, false);
  const { routingInBody } = plan.policy;
  const { transport, decisions } = shared;
  const walkPlan: WalkPlan = {
    ...shared,
    asked: compileAsked(plan, transport),
    start: compileStep(compiler, plan.walk, routingInBody),
    keepsChoices: decisions.any || routingInBody,
    remember,
    routingInBody,
  };
  return {
    grpc: transport === 'grpc',
    maxBodyBytes,
    dialect: shared.dialect,
    handle(exchange) {
      if (!exchange.cancelled) new Walk(walkPlan, deps, exchange, undefined).start();
    },
  };
}

function compileFeedbackRoute(
  parts: SharedParts,
  kind: RouteKind,
): { readonly route: Route; close(): void } {
  const { plan, deps, tally, lessons } = parts;
  const { compiler, shared, maxBodyBytes } = compileShared(parts, kind, true);
  const { transport, messages, dialect, decisions } = shared;
  const walkOf = (mayTail: boolean): WalkPlan => ({
    ...shared,
    decisions: { ...decisions, any: false },
    asked: undefined,
    start: compileFeedback(compiler, plan.walk, mayTail),
    keepsChoices: false,
    remember: undefined,
    routingInBody: false,
  });
  const feedback = new FeedbackRoute({
    plan,
    transport,
    messages,
    maxBodyBytes,
    walk: walkOf(true),
    wholeWalk: walkOf(false),
    decides: decisions.any,
    deps,
    tally,
    lessons,
  });
  return {
    route: {
      grpc: transport === 'grpc',
      maxBodyBytes,
      dialect,
      handle(exchange) {
        if (!exchange.cancelled) feedback.handle(exchange);
      },
    },
    close: () => feedback.close(),
  };
}

/** What is the same for the walks of predictions and feedback. */
function compileShared(
  { plan, clientOf, lessons }: SharedParts,
  kind: RouteKind,
  isFeedback: boolean,
): {
  readonly compiler: Compiler;
  readonly shared: Pick<
    WalkPlan,
    'transport' | 'dialect' | 'messages' | 'decisions' | 'maxAnswerBytes'
  >;
  readonly maxBodyBytes: number;
} {
  const transport = transportOf(kind);
  const edges = new Map<number, Edge>();
  for (const edge of plan.edges) if (edge.transport === transport) edges.set(edge.unit, edge);
  const { policy } = plan;
  const dialect = dialectOf(plan.dialect);
  const messages = messagesOf(plan.dialect, transport);
  const namesInPath = transport === 'rest' && dialect.modelInPath !== undefined;
  const prepare = (unit: number, verb: CallVerb, readable: boolean): PreparedCall => {
    const edge = edges.get(unit);
    const unitName = unitNameOf(plan, unit);
    const model = edge?.model ?? unitName;
    const spoken = dialectOf(edge?.dialect ?? plan.dialect);
    const isForeign = spoken !== dialect;
    const pathOf = (segment: string): string | undefined =>
      spoken.unitPath(segment, verb, transport);
    const path = pathOf(encodeURIComponent(model));
    const way = (): UnitClient => {
      if (edge === undefined) {
        return failing('UNIT_UNREACHABLE', `unit "${unitName}" has no ${transport} address`);
      }
      if (path === undefined) {
        const what = `protocol ${spoken.name} has no ${verb} over ${transport}`;
        return failing('INTERNAL', `unit "${unitName}": ${what}`);
      }
      if (isForeign && transcoderOf(dialect.name, spoken.name, transport) === undefined) {
        const what = `nothing of ${dialect.name} can be said in ${spoken.name} over ${transport}`;
        return failing('MESSAGE_NOT_TRANSLATABLE', `unit "${unitName}": ${what}`);
      }
      return clientOf(edge);
    };
    return {
      unit,
      unitName,
      verb,
      transport,
      client: way(),
      path: path ?? '',
      pathOf: namesInPath && !isForeign ? (segment) => pathOf(segment) ?? '' : undefined,
      segment: encodeURIComponent(model),
      model,
      dialect: spoken,
      messages: messagesOf(spoken.name, transport),
      isForeign,
      fits: messages.requests !== undefined && FITTED.has(verb),
      // What is said in other words has to be said in the graph's again.
      tailKey:
        edge === undefined || path === undefined || isForeign
          ? undefined
          : tailKey(unitName, verb, transport),
      readable,
      timeoutMs: callTimeout(policy, transport, isFeedback ? 0 : policy.retries),
      maxAnswerBytes: policy.maxAnswerBytes,
      replaceable: !isFeedback,
    };
  };
  const compiler: Compiler = {
    units: plan.units,
    routingInBody: policy.routingInBody && !isFeedback,
    fits:
      messages.requests !== undefined || plan.edges.some((edge) => edge.dialect !== plan.dialect),
    stateOf: lessons.stateOf,
    prepare,
  };
  return {
    compiler,
    shared: {
      transport,
      dialect,
      messages,
      decisions: buildDecisionTable(plan),
      maxAnswerBytes: policy.maxAnswerBytes,
    },
    maxBodyBytes: transport === 'rest' ? policy.maxBodyBytes : policy.grpcMaxMessageBytes,
  };
}
