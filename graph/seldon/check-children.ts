// Whether a unit has the children that its work needs, and whether its children can be reached.
import type { BuiltIn } from '../built-ins/built-in.ts';
import { findBuiltIn, parseServer } from '../built-ins/table.ts';
import type { FindingSink } from '../manifest/finding.ts';
import { callsOf } from '../plan/unit-calls.ts';
import { parseMethod, parseUnitType } from '../plan/words.ts';
import type { WrittenUnit } from './written.ts';

export function checkChildren(unit: WrittenUnit, sink: FindingSink): void {
  const count = unit.children.length;
  const builtIn = findBuiltIn(unit.implementation);
  const place = `${unit.path}.children`;
  if (isUnread(unit, sink)) return;
  if (builtIn !== undefined) {
    checkBuiltInChildren(unit, builtIn, sink);
    return;
  }
  const calls = callsOf({
    type:
      parseServer(unit.implementation) === undefined
        ? (parseUnitType(unit.type) ?? 'UNKNOWN_TYPE')
        : 'MODEL',
    builtIn: undefined,
    methods: (unit.methods ?? []).flatMap(({ name }) => parseMethod(name) ?? []),
  });
  if (count === 0 && (calls.route || calls.aggregate)) {
    const work = calls.route ? 'chooses among' : 'combines';
    sink.add('CHILDREN_MISSING', unit.path, `${unit.name} ${work} its children but has none`);
  }
  if (count > 1 && !calls.route && !calls.aggregate)
    sink.add('CHILDREN_DROPPED', place, `of the ${count} children of ${unit.name} one answers`);
}

function checkBuiltInChildren(
  unit: WrittenUnit,
  { name, children: { least, most } }: BuiltIn,
  sink: FindingSink,
): void {
  const count = unit.children.length;
  const place = `${unit.path}.children`;
  if (count >= least && count <= most) return;
  if (most === 0) {
    const message = `${unit.name} is the built-in ${name}, which answers itself`;
    sink.add('CHILDREN_UNREACHABLE', place, message);
  } else if (count === 0 && most > least)
    sink.add('CHILDREN_MISSING', unit.path, `${unit.name}, the built-in ${name}, has no children`);
  else
    sink.add(
      'CHILDREN_COUNT',
      place,
      `${unit.name} is a ${name} over ${count} ${count === 1 ? 'child' : 'children'}`,
      `give it ${describeCount(least, most)}`,
    );
}

function describeCount(least: number, most: number): string {
  if (least === most) return `exactly ${least} children`;
  return most === Infinity ? `at least ${least} children` : `${least} to ${most} children`;
}

/** Whether it could not be read how many children there are, or what the unit does with them. */
function isUnread({ path }: WrittenUnit, sink: FindingSink): boolean {
  if (['type', 'methods', 'implementation'].some((field) => sink.hasErrorsAt(`${path}.${field}`)))
    return true;
  const children = `${path}.children`;
  if (!sink.hasErrorsAt(children)) return false;
  return sink.findings.some(
    (finding) =>
      finding.severity === 'error' &&
      finding.path.startsWith(children) &&
      /^(\[\d+\])?$/.test(finding.path.slice(children.length)),
  );
}
