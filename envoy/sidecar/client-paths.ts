// The paths on which clients ask a graph, each at the root and below the gateway's prefix: how Envoy matches one, and how it makes
// a unit's path of it where it forwards alone.
import type { ClientRoute } from '../../dialects/dialect.ts';
import { dialectOf } from '../../dialects/known/dialects.ts';
import { isTemplate, patternOf } from '../../dialects/template.ts';
import type { Plan, RouteKind } from '../../graph/plan/plan.ts';
import { unitNameOf } from '../../graph/plan/queries.ts';
import type { EnvoyJson } from '../kit/json.ts';
import { gatewayPrefix, isGrpcKind } from '../../graph/plan/names.ts';

export interface ClientPath {
  readonly match: EnvoyJson;
  /** What a unit of the graph is called by; undefined: by its own name. */
  readonly model: string | undefined;
  /** The path is the unit's too, whatever it is asked. */
  readonly passes: boolean;
  /** gRPC messages that name no model are given the unit's. */
  readonly names: boolean;
  /** What comes back may stream. */
  readonly streams: boolean;
  /** Makes the unit's path of the model's name where that is no prediction's. */
  readonly lastPathOf: ((model: string) => string) | undefined;
  /** The route's way to put `path` in the place of the client's. */
  rewrite(path: string): EnvoyJson;
}

/** A path at the root and below the gateway's prefix. */
export function withPrefix(plan: Plan, path: string): readonly string[] {
  return [path, gatewayPrefix(plan) + path];
}

/** For requests that walk the graph: who is called by which name is for the walk to say. */
export function walkedPaths(plan: Plan, kind: RouteKind): ClientPath[] {
  return routesOf(plan, kind).flatMap((route) =>
    route.use === 'pass' ? [] : anyPath(plan, route),
  );
}

/** For requests that Envoy forwards alone; a path that names a unit of the graph calls each unit by its own name. */
export function nativePaths(plan: Plan, kind: RouteKind): ClientPath[] {
  const isAlone = plan.units.length === 1 && plan.edges.every(isOwnName(plan));
  return routesOf(plan, kind).flatMap((route) => {
    if (route.use === 'pass' || (route.use === 'last' && isGrpcKind(kind)))
      return passingPaths(plan, route);
    if (isAlone || !isTemplate(route.path)) return anyPath(plan, route);
    // With a version the path is for one unit alone, and a draw has taken another perhaps.
    return route.model === '\\1' ? [ownPath(plan, route), ...anyPath(plan, route)] : [];
  });
}

function routesOf(plan: Plan, kind: RouteKind): ClientRoute[] {
  return dialectOf(plan.dialect).clientRoutes.filter((route) => route.kind === kind);
}

function isOwnName(plan: Plan): (edge: Plan['edges'][number]) => boolean {
  return ({ unit, model }) => unitNameOf(plan, unit) === model;
}

function anyPath(plan: Plan, route: ClientRoute): ClientPath[] {
  const { path, model, streams = false } = route;
  const lastPathOf = lastOf(plan, route);
  if (!isTemplate(path))
    return withPrefix(plan, path).map((full) => ({
      ...exactPath(full, model, streams),
      lastPathOf,
    }));
  const pattern = `${optionalPrefix(plan)}${patternOf(path)}`;
  return [{ ...patternPath(pattern, model, streams), lastPathOf }];
}

/** How the last call's path is made of a model's name, where it is no prediction's. */
function lastOf(plan: Plan, { path, use }: ClientRoute): ((model: string) => string) | undefined {
  return use === 'last' ? dialectOf(plan.dialect).lastInPath?.(path)?.pathOf : undefined;
}

function ownPath(plan: Plan, route: ClientRoute): ClientPath {
  const { path, streams = false } = route;
  const units = plan.units.map(({ name }) => encodeURIComponent(name)).map(escape);
  const pattern = patternOf(path).replace('([^/]+)', `(?:${units.join('|')})`);
  const whole = `${optionalPrefix(plan)}${pattern}`;
  return { ...patternPath(whole, undefined, streams), lastPathOf: lastOf(plan, route) };
}

function passingPaths(plan: Plan, { path, use, streams = false }: ClientRoute): ClientPath[] {
  const names = use === 'last';
  if (!isTemplate(path))
    return withPrefix(plan, path).map((full) => ({
      ...exactPath(full, undefined, streams),
      passes: true,
      names,
      rewrite: () => ({ prefix_rewrite: path }),
    }));
  const pattern = patternOf(path).replaceAll('([^/]+)', '[^/]+');
  const whole = `${optionalPrefix(plan)}(${pattern})`;
  const rewritten = rewriteOf(whole, '\\1');
  return [
    {
      match: matchOf(whole),
      model: undefined,
      passes: true,
      names,
      streams,
      lastPathOf: undefined,
      rewrite: () => rewritten,
    },
  ];
}

function exactPath(full: string, model: string | undefined, streams: boolean): ClientPath {
  return {
    match: { path: full },
    model,
    passes: false,
    names: true,
    streams,
    lastPathOf: undefined,
    rewrite: (path) => ({ prefix_rewrite: path }),
  };
}

function patternPath(pattern: string, model: string | undefined, streams: boolean): ClientPath {
  return {
    match: matchOf(pattern),
    model,
    passes: false,
    names: true,
    streams,
    lastPathOf: undefined,
    rewrite: (path) => rewriteOf(pattern, path),
  };
}

/** Envoy matches the whole path without its query. */
function matchOf(pattern: string): EnvoyJson {
  return { safe_regex: { regex: pattern } };
}

function rewriteOf(pattern: string, substitution: string): EnvoyJson {
  return { regex_rewrite: { pattern: { regex: `^${pattern}$` }, substitution } };
}

function optionalPrefix(plan: Plan): string {
  return `(?:${escape(gatewayPrefix(plan))})?`;
}

function escape(text: string): string {
  return text.replace(/[.+*?^$()[\]{}|\\]/g, '\\$&');
}
