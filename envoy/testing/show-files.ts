// Envoy's files as a golden shows them: YAML that a person can read. Routes that differ by their path alone are shown once, with all
// their paths, where the order for each path stays the same; and the hashes of plans, with which the names of routes begin, give
// way to the names of predictors, so that a golden changes only where Envoy's configuration does.
import { dump } from 'js-yaml';
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import type { EnvoyFiles } from '../sidecar/render.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * `whole`: all of it. Else what the graph decides: clusters, and the routes that have a name; listeners, and the routes of CORS, of
 * control endpoints and for what is not found, are much the same for all graphs.
 */
export function showFiles(files: EnvoyFiles, deployment: DeploymentPlan, whole: boolean): string {
  const { clusters, routes, ...others } = files;
  const tables = Object.entries(routes).map(([name, table]) => [name, foldTable(table, whole)]);
  const folded = Object.fromEntries(tables) as Json;
  const shown = { clusters, routes: folded, ...(whole ? others : {}) };
  const text = dump(shown, { noRefs: true, lineWidth: -1 });
  return deployment.predictors.reduce(
    (written, { plan }) => written.replaceAll(plan.hash, `<${plan.predictor}>`),
    text,
  );
}

function foldTable(table: Json, whole: boolean): Json {
  const hosts = (table['virtual_hosts'] ?? []) as readonly Json[];
  return {
    ...table,
    virtual_hosts: hosts.map((host) => {
      const routes = (host['routes'] ?? []) as readonly Json[];
      const named = routes.filter((route) => whole || 'name' in route);
      // Tables of routes without names (egress, and the front one of several predictors) are the graph's.
      return { ...host, routes: foldRoutes(named.length > 0 ? named : routes) };
    }),
  };
}

interface Group {
  /** Its place in the golden. */
  readonly at: number;
  readonly route: Json;
  readonly paths: unknown[];
}

/** A route joins the routes that it is like, unless it would then be before one that matches the same path. */
function foldRoutes(routes: readonly Json[]): readonly Json[] {
  const groups: Group[] = [];
  const groupOf = new Map<string, Group>();
  const lastOf = new Map<unknown, number>();
  let lastOfAll = 0;
  for (const route of routes) {
    const { paths, rest } = splitPath(route);
    const key = JSON.stringify(rest);
    const earliest = Math.max(lastOfAll, ...paths.map((path) => lastOf.get(path) ?? 0));
    let group = groupOf.get(key);
    if (group === undefined || group.at < earliest) {
      group = { at: groups.length, route, paths: [] };
      groups.push(group);
      groupOf.set(key, group);
    }
    group.paths.push(...paths);
    for (const path of paths) lastOf.set(path, group.at);
    if (paths.length === 0) lastOfAll = group.at;
  }
  return groups.map(({ route, paths }) => (paths.length < 2 ? route : withPaths(route, paths)));
}

const PATHS = ['path', 'path_separated_prefix'];

function splitPath(route: Json): { readonly paths: unknown[]; readonly rest: Json } {
  const match = Object.entries(route['match'] as Json);
  const isPath = ([name]: readonly [string, unknown]): boolean => PATHS.includes(name);
  const marked = match.map((each) => (isPath(each) ? [each[0], null] : each));
  return {
    paths: match.filter(isPath).map(([, path]) => path),
    rest: { ...route, match: Object.fromEntries(marked) as Json },
  };
}

function withPaths(route: Json, paths: readonly unknown[]): Json {
  const match = Object.entries(route['match'] as Json);
  const listed = match.map(([name, value]) => [name, PATHS.includes(name) ? paths : value]);
  return { ...route, match: Object.fromEntries(listed) as Json };
}
