// Plans for tests, built by hand from a short tree: `extproc/` knows the plan, not the compiler that makes it.
import { CORS_ALLOW_HEADERS, CORS_ALLOW_ORIGIN, LIMITS } from '../../graph/plan/limits.ts';
import {
  type CallVerb,
  type DeploymentPlan,
  type Edge,
  PLAN_VERSION,
  type Plan,
  type PlanUnit,
  type Step,
  type UnitType,
} from '../../graph/plan/plan.ts';

export interface TestUnit {
  readonly name: string;
  readonly type: UnitType;
  readonly builtIn?: string;
  readonly image?: string;
  /** Ports on 127.0.0.1; none: no address. */
  readonly httpPort?: number;
  readonly grpcPort?: number;
  readonly children?: readonly TestUnit[];
}

const VERBS: Readonly<Record<UnitType, readonly CallVerb[]>> = {
  UNKNOWN_TYPE: [],
  MODEL: ['predict', 'send-feedback'],
  ROUTER: ['route', 'send-feedback'],
  COMBINER: ['aggregate'],
  TRANSFORMER: ['transform-input'],
  OUTPUT_TRANSFORMER: ['transform-output'],
};

export function testPlan(
  graph: TestUnit,
  hash = '0123456789abcdef',
  over: Partial<Plan> = {},
): Plan {
  const units: PlanUnit[] = [];
  const edges: Edge[] = [];
  const add = (unit: TestUnit, parent: number): Step => {
    const index = units.length;
    const verbs = unit.builtIn === undefined ? VERBS[unit.type] : [];
    units.push({
      name: unit.name,
      type: unit.type,
      builtIn: unit.builtIn ?? null,
      image: unit.image ?? '',
      verbs,
      parent,
    });
    for (const [transport, port] of [
      ['rest', unit.httpPort],
      ['grpc', unit.grpcPort],
    ] as const) {
      if (port === undefined) continue;
      const reason = 'same pod';
      edges.push({
        unit: index,
        transport,
        dialect: 'seldon',
        model: unit.name,
        host: '127.0.0.1',
        port,
        via: 'direct',
        reason,
      });
    }
    const children = (unit.children ?? []).map((child) => add(child, index));
    return {
      unit: index,
      input: verbs.includes('predict')
        ? 'predict'
        : verbs.includes('transform-input')
          ? 'transform-input'
          : null,
      choose: children.length === 0 ? null : { kind: verbs.includes('route') ? 'route' : 'all' },
      children,
      merge: verbs.includes('aggregate') ? 'aggregate' : 'first',
      output: verbs.includes('transform-output'),
      feedback: verbs.includes('send-feedback'),
      mayTail: true,
    };
  };
  const walk = add(graph, -1);
  const route = { kind: 'graph', reason: 'test' } as const;
  return {
    version: PLAN_VERSION,
    hash,
    deployment: 'test-deployment',
    namespace: 'default',
    predictor: 'p',
    predictorVersion: '',
    dialect: 'seldon',
    units,
    edges,
    walk,
    routes: {
      'predict-rest': route,
      'predict-grpc': route,
      'feedback-rest': route,
      'feedback-grpc': route,
    },
    policy: {
      restTimeoutMs: null,
      grpcTimeoutMs: null,
      deadlineMs: LIMITS.deadlineMs.default,
      maxBodyBytes: LIMITS.maxBodyBytes.default,
      bodyTimeoutMs: LIMITS.bodyTimeoutMs.default,
      maxHeaderBytes: LIMITS.maxHeaderBytes.default,
      maxHeaders: LIMITS.maxHeaders.default,
      maxAnswerBytes: LIMITS.maxAnswerBytes.default,
      grpcMaxMessageBytes: LIMITS.maxBodyBytes.default,
      retries: 0,
      perTryTimeoutMs: null,
      routingInBody: false,
      cors: { allowOrigin: CORS_ALLOW_ORIGIN, allowHeaders: CORS_ALLOW_HEADERS },
    },
    ...over,
  };
}

export function testDeployment(...plans: readonly Plan[]): DeploymentPlan {
  return {
    deployment: 'test-deployment',
    namespace: 'default',
    predictors: plans.map((plan) => ({ plan, traffic: 100 / plans.length, shadow: false })),
  };
}

/** One SIMPLE_MODEL, which the filter responds for: a deployment that needs no unit. */
export function simpleModelDeployment(hash: string): DeploymentPlan {
  return testDeployment(
    testPlan({ name: 'm', type: 'MODEL', builtIn: 'SIMPLE_MODEL' }, hash, {
      walk: {
        unit: 0,
        input: 'simple-model',
        choose: null,
        children: [],
        merge: 'first',
        output: false,
        feedback: false,
        mayTail: false,
      },
    }),
  );
}
