// What clients get for what units do, as two tables for each transport: what is alike at every place of a graph, and what is
// not, with the reason. The test of the same folder holds every row.
import {
  type Behaviour,
  type Kind,
  readOutcomes,
  type Written,
} from '../../e2e/data-plane/unit-behaviour/behaviour.ts';
import { GRPC_BEHAVIOURS } from '../../e2e/data-plane/unit-behaviour/grpc-behaviours.ts';
import { REASONS } from '../../e2e/data-plane/unit-behaviour/reasons.ts';
import { REST_BEHAVIOURS } from '../../e2e/data-plane/unit-behaviour/rest-behaviours.ts';
import { code, table } from './markdown.ts';

const BEHAVIOURS: Readonly<Record<Kind, Readonly<Record<string, Behaviour>>>> = {
  rest: REST_BEHAVIOURS,
  grpc: GRPC_BEHAVIOURS,
};

export function unitDifferences(kind: Kind): string {
  const rows = rowsOf(kind)
    .filter(([, , outcomes]) => !isAlike(outcomes))
    .map(([name, about, outcomes]) => {
      const { native = '', tail = native, side = native, egress = native } = outcomes;
      return [
        about,
        native === tail ? code(native) : `alone ${code(native)}, last ${code(tail)}`,
        side === egress ? code(side) : `direct ${code(side)}, over egress ${code(egress)}`,
        REASONS[kind][name] ?? '',
      ];
    });
  return table(['a unit that …', 'alone or last', 'side call', 'why'], rows);
}

export function unitOutcomes(kind: Kind): string {
  const rows = rowsOf(kind)
    .filter(([, , outcomes]) => isAlike(outcomes))
    .map(([, about, { native = '' }]) => [about, code(native)]);
  return table(['a unit that …', 'the client gets'], rows);
}

function rowsOf(kind: Kind): (readonly [name: string, about: string, outcomes: Written])[] {
  const outcomes = readOutcomes()[kind];
  return Object.entries(BEHAVIOURS[kind]).map(
    ([name, { about }]) => [name, about, outcomes[name] ?? {}] as const,
  );
}

function isAlike(outcomes: Written): boolean {
  return Object.keys(outcomes).length <= 1;
}
