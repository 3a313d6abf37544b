// What a unit may do, what clients get for it at each place of a graph where a unit can stand, and why that is not the
// same everywhere. The outcomes are kept in `outcomes.json`, which the test writes anew with SIDEGRAPH_UPDATE_GOLDENS=outcomes; the
// page docs/unit-behaviour.md is made of all three.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Alone; last, forwarded to by Envoy; asked by the filter directly; asked by the filter over Envoy's egress. */
export const PLACES = ['native', 'tail', 'side', 'egress'] as const;
export type Place = (typeof PLACES)[number];
export type Kind = 'rest' | 'grpc';
export type Outcomes = Readonly<Record<Place, string>>;

export interface Behaviour {
  /** After "a unit that …". */
  readonly about: string;
  /** What it begins takes so long that others are tried meanwhile. */
  readonly slow?: boolean;
  /** Bytes, or the end of its connection, may come so long after its response that they meet the next request. */
  readonly settleMs?: number;
}

/** Places that get the same as `native` are left out. */
export type Written = Readonly<Partial<Record<Place, string>>>;

export const OUTCOMES_PATH = fileURLToPath(new URL('outcomes.json', import.meta.url));

export function readOutcomes(): Readonly<Record<Kind, Readonly<Record<string, Written>>>> {
  return JSON.parse(readFileSync(OUTCOMES_PATH, 'utf8')) as ReturnType<typeof readOutcomes>;
}

export function toWritten(outcomes: Outcomes): Written {
  const entries = PLACES.filter(
    (place) => place === 'native' || outcomes[place] !== outcomes.native,
  ).map((place) => [place, outcomes[place]] as const);
  return Object.fromEntries(entries);
}
