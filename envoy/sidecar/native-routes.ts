// Routes of the requests that Envoy serves alone: directly to one unit, or drawn among several by weight.
import { ROUTING_HEADER, isGrpcKind, routeName, transportOf } from '../../graph/plan/names.ts';
import { NATIVE_WEIGHT_TOTAL } from '../../graph/plan/plan.ts';
import type { NativeTarget, Plan, RouteKind, Transport } from '../../graph/plan/plan.ts';
import { edgeOf } from '../../graph/plan/queries.ts';
import { dialectOf } from '../../dialects/known/dialects.ts';
import type { ClientPath } from './client-paths.ts';
import { clusterOf, isNamed } from './clusters.ts';
import { type EnvoyJson, literal, overwriteHeader } from '../kit/json.ts';
import { KEPT_NAMED_REQUEST_BYTES, KEPT_REQUEST_BYTES } from '../kit/limits.ts';
import {
  allowMethods,
  bodyLimit,
  isNoCloudEvent,
  methodIs,
  kindMetadata,
  unitHeaders,
  unitHost,
  withoutCloudEvents,
} from './route-parts.ts';
import { namesModel } from '../kit/filters/model-name.ts';
import { serviceOf } from '../kit/names.ts';
import { spanName } from './tracing.ts';
import { callPolicy, streamPolicy } from '../kit/route-policy.ts';

type Form = 'plain' | 'cloud-events';

/** Routes of one client path. CloudEvents are a matter of REST, and of few requests: those have routes of their own. */
export function nativeRoutes(
  plan: Plan,
  kind: RouteKind,
  targets: readonly NativeTarget[],
  path: ClientPath,
): EnvoyJson[] {
  const plain = targetRoutes(plan, kind, targets, path, 'plain');
  return isGrpcKind(kind)
    ? plain
    : [...plain, ...targetRoutes(plan, kind, targets, path, 'cloud-events')];
}

/**
 * One route when all targets are asked the same verb under the same name; else one for each, taken with a cumulative fraction: Envoy draws one
 * number for a request, so the fractions of following routes nest.
 */
function targetRoutes(
  plan: Plan,
  kind: RouteKind,
  targets: readonly NativeTarget[],
  path: ClientPath,
  form: Form,
): EnvoyJson[] {
  const ways = new Set(
    targets.map((target) => {
      const model = filledModel(plan, kind, target, path);
      return `${unitPath(plan, kind, target, path)} ${model ?? ''}`;
    }),
  );
  if (ways.size === 1) return [route(plan, kind, path, targets, undefined, form)];
  let sum = 0;
  return targets.map((target) => {
    sum += target.weight;
    return route(plan, kind, path, [target], sum < NATIVE_WEIGHT_TOTAL ? sum : undefined, form);
  });
}

/** The name that Envoy puts into a gRPC message for a unit; undefined for none. */
function filledModel(
  plan: Plan,
  kind: RouteKind,
  { unit }: NativeTarget,
  { names }: ClientPath,
): string | undefined {
  if (!names || !isGrpcKind(kind) || dialectOf(plan.dialect).grpcModelField === undefined)
    return undefined;
  return edgeOf(plan, unit, 'grpc').model;
}

function modelNames(
  plan: Plan,
  kind: RouteKind,
  target: NativeTarget,
  path: ClientPath,
): EnvoyJson {
  const model = filledModel(plan, kind, target, path);
  const field = dialectOf(plan.dialect).grpcModelField;
  if (model === undefined || field === undefined) return {};
  const others = plan.units.map(({ name }) => name).filter((name) => name !== model);
  return namesModel(field, model, others);
}

/** The same for all targets where the client's path is passed on. */
function unitPath(
  plan: Plan,
  kind: RouteKind,
  { unit, verb }: NativeTarget,
  { passes, model, lastPathOf }: ClientPath,
): string {
  if (passes) return '';
  const transport = transportOf(kind);
  const own = encodeURIComponent(edgeOf(plan, unit, transport).model);
  const path =
    lastPathOf === undefined
      ? dialectOf(plan.dialect).unitPath(model ?? own, verb, transport)
      : lastPathOf(model ?? own);
  if (path === undefined) throw new Error(`plan ${plan.hash}: no ${verb} over ${transport}`);
  return path;
}

function route(
  plan: Plan,
  kind: RouteKind,
  path: ClientPath,
  targets: readonly NativeTarget[],
  fraction: number | undefined,
  form: Form,
): EnvoyJson {
  const transport = transportOf(kind);
  const first = targets[0];
  if (first === undefined) throw new Error(`plan ${plan.hash}: native route without a target`);
  const named = targets.some(({ unit }) => isNamed(edgeOf(plan, unit, transport)));
  return {
    name: routeName(plan.hash, kind),
    match: {
      ...path.match,
      headers: [
        methodIs('POST'),
        ...(form === 'plain' && transport === 'rest' ? [isNoCloudEvent()] : []),
      ],
      ...(fraction === undefined
        ? {}
        : { runtime_fraction: { default_value: millionths(fraction) } }),
    },
    metadata: kindMetadata(plan, kind),
    ...spanName(plan, serviceOf(plan.dialect, kind)),
    ...keptRequest(plan, named),
    route: {
      ...destination(plan, targets, transport),
      ...path.rewrite(unitPath(plan, kind, first, path)),
      ...(path.streams
        ? streamPolicy(plan.policy, named)
        : callPolicy(plan.policy, transport, first.verb === 'send-feedback', named)),
    },
    typed_per_filter_config: {
      ...(path.streams && transport === 'grpc' ? {} : bodyLimit(transport)),
      ...modelNames(plan, kind, first, path),
      ...(form === 'plain' ? withoutCloudEvents() : {}),
      ...(isGrpcKind(kind) ? {} : allowMethods('OPTIONS,POST')),
    },
    ...unitHeaders(transport),
    ...(targets.length === 1 ? routingHeader(first) : {}),
  };
}

/** Nothing here needs the whole body, so a client that sends half of a large one holds little. */
function keptRequest({ policy }: Plan, named: boolean): EnvoyJson {
  if (policy.retries > 0) return {};
  const bytes = named ? KEPT_NAMED_REQUEST_BYTES : KEPT_REQUEST_BYTES;
  return { request_body_buffer_limit: Math.min(bytes, policy.maxBodyBytes) };
}

function destination(
  plan: Plan,
  targets: readonly NativeTarget[],
  transport: Transport,
): EnvoyJson {
  const [only, ...others] = targets;
  if (only !== undefined && others.length === 0) {
    return {
      cluster: clusterOf(plan, only.unit, transport),
      host_rewrite_literal: unitHost(plan, only.unit, transport),
    };
  }
  return {
    weighted_clusters: {
      clusters: targets.map((target) => ({
        name: clusterOf(plan, target.unit, transport),
        weight: target.weight,
        host_rewrite_literal: unitHost(plan, target.unit, transport),
        ...routingHeader(target),
      })),
    },
  };
}

function routingHeader(target: NativeTarget): EnvoyJson {
  if (target.routing === '') return {};
  return { response_headers_to_add: [overwriteHeader(ROUTING_HEADER, literal(target.routing))] };
}

function millionths(numerator: number): EnvoyJson {
  return { numerator, denominator: 'MILLION' };
}
