// The paths on which clients ask a graph, each at the root and below the gateway's prefix: how Envoy matches one, and how it makes
// a unit's path of it where it forwards alone.
import type { ClientRoute } from '../../dialects/dialect.ts';
import { dialectOf } from '../../dialects/known/dialects.ts';
import { isTemplate, patternOf } from '../../dialects/template.ts';
import type { Plan, RouteKind } from '../../graph/plan/plan.ts';
import type { JsonObject } from '../kit/json.ts';
import { gatewayPrefix } from '../../graph/plan/names.ts';

export interface ClientPath {
  readonly match: JsonObject;
  /** What a unit of the graph is called by; null: by its own name. */
  readonly model: string | null;
  /** The path is the unit's too, whatever it is asked. */
  readonly passes: boolean;
  /** The route's way to put `path` in the place of the client's. */
  rewrite(path: string): JsonObject;
}

/** A path at the root and below the gateway's prefix. */
export function withPrefix(plan: Plan, path: string): readonly string[] {
  return [path, gatewayPrefix(plan) + path];
}

/** For requests that walk the graph: who is called by which name is for the walk to say. */
export function walkedPaths(plan: Plan, kind: RouteKind): ClientPath[] {
  return routesOf(plan, kind).flatMap((route) =>
    route.use === 'walk' ? anyPath(plan, route) : [],
  );
}

/** For requests that Envoy forwards alone; a path that names a unit of the graph calls each unit by its own name. */
export function nativePaths(plan: Plan, kind: RouteKind): ClientPath[] {
  const isAlone = plan.units.length === 1 && plan.edges.every(isOwnName(plan));
  return routesOf(plan, kind).flatMap((route) => {
    if (route.use === 'pass') return passingPaths(plan, route);
    if (isAlone || !isTemplate(route.path)) return anyPath(plan, route);
    // With a version the path is for one unit alone, and a draw has taken another perhaps.
    return route.model === '\\1' ? [ownPath(plan, route), ...anyPath(plan, route)] : [];
  });
}

function routesOf(plan: Plan, kind: RouteKind): ClientRoute[] {
  return dialectOf(plan.dialect).clientRoutes.filter((route) => route.kind === kind);
}

function isOwnName(plan: Plan): (edge: Plan['edges'][number]) => boolean {
  return ({ unit, model }) => plan.units[unit]?.name === model;
}

function anyPath(plan: Plan, { path, model }: ClientRoute): ClientPath[] {
  if (!isTemplate(path)) return withPrefix(plan, path).map((full) => exactPath(full, false));
  return [patternPath(`${optionalPrefix(plan)}${patternOf(path)}`, model ?? null, false)];
}

function ownPath(plan: Plan, { path }: ClientRoute): ClientPath {
  const units = plan.units.map(({ name }) => encodeURIComponent(name)).map(escape);
  const pattern = patternOf(path).replace('([^/]+)', `(?:${units.join('|')})`);
  return patternPath(`${optionalPrefix(plan)}${pattern}`, null, false);
}

function passingPaths(plan: Plan, { path }: ClientRoute): ClientPath[] {
  if (!isTemplate(path)) return withPrefix(plan, path).map((full) => exactPath(full, true, path));
  const pattern = patternOf(path).replaceAll('([^/]+)', '[^/]+');
  const whole = `${optionalPrefix(plan)}(${pattern})`;
  const rewritten = rewriteOf(whole, '\\1');
  return [{ match: matchOf(whole), model: null, passes: true, rewrite: () => rewritten }];
}

function exactPath(full: string, passes: boolean, unitPath?: string): ClientPath {
  return {
    match: { path: full },
    model: null,
    passes,
    rewrite: (path) => ({ prefix_rewrite: unitPath ?? path }),
  };
}

function patternPath(pattern: string, model: string | null, passes: boolean): ClientPath {
  return {
    match: matchOf(pattern),
    model,
    passes,
    rewrite: (path) => rewriteOf(pattern, path),
  };
}

/** Envoy matches the whole path without its query. */
function matchOf(pattern: string): JsonObject {
  return { safe_regex: { regex: pattern } };
}

function rewriteOf(pattern: string, substitution: string): JsonObject {
  return { regex_rewrite: { pattern: { regex: `^${pattern}$` }, substitution } };
}

function optionalPrefix(plan: Plan): string {
  return `(?:${escape(gatewayPrefix(plan))})?`;
}

function escape(text: string): string {
  return text.replace(/[.+*?^$()[\]{}|\\]/g, '\\$&');
}
