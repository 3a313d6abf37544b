// Plans by hand, for the tests of this folder only: the compiler's own come from `graph/`.
import type {
  CallVerb,
  DeploymentPlan,
  Edge,
  Plan,
  PlanRoutes,
  PlanUnit,
  Policy,
  Transport,
} from '../../graph/plan/plan.ts';
import { NATIVE_WEIGHT_TOTAL, PLAN_VERSION } from '../../graph/plan/plan.ts';
import { CORS_ALLOW_HEADERS, CORS_ALLOW_ORIGIN } from '../../graph/plan/limits.ts';

export interface FixtureUnit {
  readonly name: string;
  readonly verbs: readonly CallVerb[];
  readonly host?: string;
  /** Ports 0 leave the transport out. */
  readonly restPort: number;
  readonly grpcPort: number;
}

export const FIXTURE_POLICY: Policy = {
  restTimeoutMs: null,
  grpcTimeoutMs: null,
  deadlineMs: 300_000,
  maxBodyBytes: 33_554_432,
  bodyTimeoutMs: 180_000,
  maxHeaderBytes: 262_144,
  maxHeaders: 1000,
  maxAnswerBytes: 33_554_432,
  grpcMaxMessageBytes: 33_554_432,
  retries: 0,
  perTryTimeoutMs: null,
  routingInBody: false,
  cors: { allowOrigin: CORS_ALLOW_ORIGIN, allowHeaders: CORS_ALLOW_HEADERS },
};

export function fixturePlan(
  hash: string,
  units: readonly FixtureUnit[],
  routes: PlanRoutes,
  policy: Partial<Policy> = {},
  predictor = 'p',
): Plan {
  return {
    version: PLAN_VERSION,
    hash,
    deployment: 'test-deployment',
    namespace: 'test-namespace',
    predictor,
    predictorVersion: '',
    dialect: 'seldon',
    units: units.map(
      (unit, at): PlanUnit => ({
        name: unit.name,
        type: 'MODEL',
        builtIn: null,
        image: `${unit.name}:1.0`,
        verbs: unit.verbs,
        parent: at - 1,
      }),
    ),
    edges: units.flatMap((unit, at) => [
      ...edge(at, unit, 'rest', unit.restPort),
      ...edge(at, unit, 'grpc', unit.grpcPort),
    ]),
    walk: {
      unit: 0,
      input: 'predict',
      choose: null,
      children: [],
      merge: 'first',
      output: false,
      feedback: true,
      mayTail: true,
    },
    routes,
    policy: { ...FIXTURE_POLICY, ...policy },
  };
}

function edge(unit: number, fixture: FixtureUnit, transport: Transport, port: number): Edge[] {
  const host = fixture.host ?? '127.0.0.1';
  const reason = 'in the pod';
  return port === 0
    ? []
    : [
        {
          unit,
          transport,
          dialect: 'seldon',
          model: fixture.name,
          host,
          port,
          via: 'direct',
          reason,
        },
      ];
}

/** Everything directly to the first unit. */
export function nativeRoutesTo(unit: number): PlanRoutes {
  const to = (verb: CallVerb) => ({
    kind: 'native' as const,
    reason: 'a graph of one unit',
    targets: [{ unit, verb, weight: NATIVE_WEIGHT_TOTAL, routing: '' }],
  });
  return {
    'predict-rest': to('predict'),
    'predict-grpc': to('predict'),
    'feedback-rest': to('send-feedback'),
    'feedback-grpc': to('send-feedback'),
  };
}

const WALKED = { kind: 'graph', reason: 'a chain' } as const;
export const GRAPH_ROUTES: PlanRoutes = {
  'predict-rest': WALKED,
  'predict-grpc': WALKED,
  'feedback-rest': WALKED,
  'feedback-grpc': WALKED,
};

export function fixtureDeployment(...plans: readonly Plan[]): DeploymentPlan {
  return {
    deployment: 'test-deployment',
    namespace: 'test-namespace',
    predictors: plans.map((plan) => ({ plan, traffic: 100 / plans.length, shadow: false })),
  };
}
