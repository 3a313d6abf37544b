// One request's walk as the tree of units that it went through: out of a request and the units of its predictor come the calls of each
// unit and what it chose. What `trace` prints; pure.
import type { LiveRequest } from './requests.ts';
import type { UnitShape } from './shape.ts';
import type { LiveUnit } from './state.ts';

export interface TreeCall {
  readonly verb: string;
  readonly by: 'filter' | 'envoy';
  /** After the request began; null where nothing was sent. */
  readonly atMs: number | null;
  /** Null where there was no response. */
  readonly ms: number | null;
  /** As HTTP or gRPC says it; null where the call was given up. */
  readonly status: number | null;
  readonly attempts: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
}

export interface TreeUnit {
  readonly unit: string;
  /** As in `LiveUnit`; '' where the graph has no such unit any more. */
  readonly kind: string;
  readonly depth: number;
  /** The child that a router chose, −1 for all, −2 for none; null where nothing was chosen. */
  readonly choice: number | null;
  /** That child's name. */
  readonly chosen: string | null;
  /** In the order in which they began. */
  readonly calls: readonly TreeCall[];
}

/** The units that took part, and those that lead to them, in pre-order. Calls to units that are not among `units` come last. */
export function walkTree(request: LiveRequest, units: readonly LiveUnit[]): readonly TreeUnit[] {
  const calls = callsByUnit(request, units);
  const shown = new Set<number>();
  units.forEach(({ name }, index) => {
    if (!calls.has(name) && !Object.hasOwn(request.routing, name)) return;
    for (let at = index; at >= 0 && !shown.has(at); at = units[at]?.parent ?? -1) shown.add(at);
  });
  const rows: TreeUnit[] = [];
  const visit = (index: number, depth: number): void => {
    const unit = units[index];
    if (unit === undefined) return;
    const choice = request.routing[unit.name] ?? null;
    const child = units.find(({ parent, branch }) => parent === index && branch === choice);
    rows.push({
      unit: unit.name,
      kind: unit.kind,
      depth,
      choice,
      chosen: child?.name ?? null,
      calls: calls.get(unit.name) ?? [],
    });
    calls.delete(unit.name);
    units.forEach(({ parent }, at) => {
      if (parent === index && shown.has(at)) visit(at, depth + 1);
    });
  };
  if (shown.has(0)) visit(0, 0);
  for (const [unit, others] of calls)
    rows.push({ unit, kind: '', depth: 0, choice: null, chosen: null, calls: others });
  return rows;
}

function callsByUnit(
  request: LiveRequest,
  units: readonly LiveUnit[],
): Map<string, readonly TreeCall[]> {
  const byUnit = new Map<string, readonly TreeCall[]>();
  const add = (unit: string, call: TreeCall): void => {
    byUnit.set(unit, [...(byUnit.get(unit) ?? []), call]);
  };
  for (const { unit, ...call } of request.calls) add(unit, { ...call, by: 'filter', attempts: 1 });
  if (request.unit !== '') add(request.unit, lastCall(request, units));
  return byUnit;
}

/** What Envoy's call was: what the filter left to it, or the only call of a graph that Envoy serves alone. */
export function verbOfLast(
  { unit, tail, path }: LiveRequest,
  units: readonly Pick<UnitShape, 'name' | 'does'>[],
): string {
  if (tail !== null) return tail.verb;
  if (/feedback$/i.test(path)) return 'send-feedback';
  return units.find(({ name }) => name === unit)?.does[0] ?? 'predict';
}

/** What the client got is what Envoy's call brought. */
function lastCall(request: LiveRequest, units: readonly LiveUnit[]): TreeCall {
  const { unitAtMs, unitMs, attempts, bytesIn, bytesOut, tail } = request;
  return {
    verb: verbOfLast(request, units),
    by: 'envoy',
    atMs: unitAtMs,
    ms: unitMs,
    status: request.grpcStatus ?? request.status,
    attempts,
    bytesOut: tail?.bytesOut ?? bytesIn,
    bytesIn: bytesOut,
  };
}
