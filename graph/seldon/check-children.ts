// Whether a unit has the children that its work needs, and whether its children can be reached.
import type { FindingSink } from '../manifest/finding.ts';
import { callsOf } from '../plan/unit-calls.ts';
import { parseBuiltIn, parseMethod, parseServer, parseUnitType } from '../plan/words.ts';
import type { WrittenUnit } from './written.ts';

export function checkChildren(unit: WrittenUnit, sink: FindingSink): void {
  const count = unit.children.length;
  const builtIn = parseBuiltIn(unit.implementation);
  const place = `${unit.path}.children`;
  if (isUnread(unit, sink)) return;
  if (builtIn === 'SIMPLE_MODEL') {
    if (count > 0)
      sink.add(
        'CHILDREN_UNREACHABLE',
        place,
        `${unit.name} is the built-in SIMPLE_MODEL, which answers itself`,
      );
    return;
  }
  if (builtIn === 'RANDOM_ABTEST') {
    if (count !== 2)
      sink.add(
        'CHILDREN_COUNT',
        place,
        `${unit.name} is a RANDOM_ABTEST over ${count} ${count === 1 ? 'child' : 'children'}`,
        'give it exactly 2 children',
      );
    return;
  }
  if (builtIn !== null) {
    if (count === 0)
      sink.add(
        'CHILDREN_MISSING',
        unit.path,
        `${unit.name}, the built-in ${builtIn}, has no children`,
      );
    return;
  }
  const calls = callsOf({
    type:
      parseServer(unit.implementation) === null
        ? (parseUnitType(unit.type) ?? 'UNKNOWN_TYPE')
        : 'MODEL',
    builtIn: null,
    methods: (unit.methods ?? []).flatMap(({ name }) => parseMethod(name) ?? []),
  });
  if (count === 0 && (calls.route || calls.aggregate)) {
    const work = calls.route ? 'chooses among' : 'combines';
    sink.add('CHILDREN_MISSING', unit.path, `${unit.name} ${work} its children but has none`);
  }
  if (count > 1 && !calls.route && !calls.aggregate)
    sink.add('CHILDREN_DROPPED', place, `of the ${count} children of ${unit.name} one answers`);
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
