// Turns a plan into a program, once: clients opened, paths and keys prepared, the walk as operations for each kind of
// request. The program then runs requests without looking at the plan again.
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
import { compileFeedbackRouting, type Routed } from './feedback-routing.ts';
import type { PreparedCall } from './ops.ts';
import { type Fault, faultOutcome } from './outcome.ts';
import type { ProgramDeps, WalkPlan } from './context.ts';
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
  const routes: Record<RouteKind, Route> = {
    'predict-rest': compileRoute(plan, 'predict-rest', deps, clientOf),
    'predict-grpc': compileRoute(plan, 'predict-grpc', deps, clientOf),
    'feedback-rest': compileRoute(plan, 'feedback-rest', deps, clientOf),
    'feedback-grpc': compileRoute(plan, 'feedback-grpc', deps, clientOf),
  };
  return {
    hash: plan.hash,
    route: (kind) => routes[kind],
    close() {
      for (const client of clients.values()) client.close();
      clients.clear();
    },
  };
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
function callTimeout(policy: Policy, transport: Transport, retries: number): number | null {
  const attemptMs = transport === 'rest' ? policy.restTimeoutMs : policy.grpcTimeoutMs;
  if (attemptMs === null) return null;
  return attemptMs * (1 + retries) + retries * RETRY_BACK_OFF_MS;
}

function compileRoute(
  plan: Plan,
  kind: RouteKind,
  deps: ProgramDeps,
  clientOf: (edge: Edge) => UnitClient,
): Route {
  const transport = transportOf(kind);
  const edges = new Map<number, Edge>();
  for (const edge of plan.edges) if (edge.transport === transport) edges.set(edge.unit, edge);
  const { policy } = plan;
  const dialect = dialectOf(plan.dialect);
  const messages = messagesOf(plan.dialect, transport);
  const namesInPath = transport === 'rest' && dialect.modelInPath !== null;
  const isFeedback = kind === 'feedback-rest' || kind === 'feedback-grpc';
  const prepare = (unit: number, verb: CallVerb, readable: boolean): PreparedCall => {
    const edge = edges.get(unit);
    const unitName = plan.units[unit]?.name ?? '';
    const model = edge?.model ?? unitName;
    const spoken = dialectOf(edge?.dialect ?? plan.dialect);
    const isForeign = spoken !== dialect;
    const pathOf = (segment: string): string | null => spoken.unitPath(segment, verb, transport);
    const path = pathOf(encodeURIComponent(model));
    const way = (): UnitClient => {
      if (edge === undefined) {
        return failing('UNIT_UNREACHABLE', `unit "${unitName}" has no ${transport} address`);
      }
      if (path === null) {
        const what = `protocol ${spoken.name} has no ${verb} over ${transport}`;
        return failing('INTERNAL', `unit "${unitName}": ${what}`);
      }
      if (isForeign && transcoderOf(dialect.name, spoken.name, transport) === null) {
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
      pathOf: namesInPath && !isForeign ? (segment) => pathOf(segment) ?? '' : null,
      segment: encodeURIComponent(model),
      model,
      dialect: spoken,
      messages: messagesOf(spoken.name, transport),
      isForeign,
      fits: messages.requests !== null && FITTED.has(verb),
      // What is said in other words has to be said in the graph's again.
      tailKey:
        edge === undefined || path === null || isForeign
          ? null
          : tailKey(unitName, verb, transport),
      readable,
      timeoutMs: callTimeout(policy, transport, isFeedback ? 0 : policy.retries),
      maxAnswerBytes: policy.maxAnswerBytes,
      replaceable: !isFeedback,
    };
  };
  const routingInBody = policy.routingInBody && !isFeedback;
  const compiler: Compiler = {
    units: plan.units,
    routingInBody,
    fits: messages.requests !== null || plan.edges.some((edge) => edge.dialect !== plan.dialect),
    prepare,
  };
  const table = buildDecisionTable(plan);
  const decisions = isFeedback ? { ...table, any: false } : table;
  const walkPlan: WalkPlan = {
    transport,
    dialect,
    messages,
    asked: isFeedback ? null : compileAsked(plan, transport),
    start: isFeedback
      ? compileFeedback(compiler, plan.walk)
      : compileStep(compiler, plan.walk, routingInBody),
    decisions,
    keepsChoices: !isFeedback && (decisions.any || routingInBody),
    routingInBody,
    maxAnswerBytes: policy.maxAnswerBytes,
  };
  const maxBodyBytes = transport === 'rest' ? policy.maxBodyBytes : policy.grpcMaxMessageBytes;
  const feedback = isFeedback
    ? compileFeedbackRouting(plan, messages, maxBodyBytes, deps.log)
    : null;

  return {
    grpc: transport === 'grpc',
    maxBodyBytes,
    dialect,
    handle(exchange) {
      if (exchange.cancelled) return;
      if (feedback === null) {
        new Walk(walkPlan, deps, exchange, null).start();
        return;
      }
      const start = (routed: Routed | Fault): void => {
        if (exchange.cancelled) return;
        if ('kind' in routed)
          exchange.reply(faultOutcome(routed, transport, dialect.layoutHeader, ''));
        else new Walk(walkPlan, deps, exchange, routed).start();
      };
      const routed = feedback.read(exchange, start);
      if ('cancel' in routed) exchange.onCancel(() => routed.cancel());
      else start(routed);
    },
  };
}
