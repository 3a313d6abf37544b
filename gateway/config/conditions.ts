// Which requests below its path a deployment takes, as a predicate of Envoy's matcher: one of its hosts, and all of its headers.
// Hosts are compared as text, so that no number and no length of names makes a program that Envoy refuses.
import type { EnvoyJson } from '../../envoy/kit/json.ts';
import { allOf, headerPredicate } from '../../envoy/kit/predicates.ts';
import type { HeaderCondition, ServedDeployment } from './served.ts';

/**
 * Longer values match no regular expression: for one that RE2 cannot make deterministic it takes 0.7 µs for each byte of a value, on
 * the thread of all requests, and a value may have 1 MB. The comparison that says so costs Envoy 0.6 ms when a table is loaded.
 */
export const MAX_MATCHED_BYTES = 512;
const AUTHORITY = ':authority';

export function isConditional(served: ServedDeployment): boolean {
  return served.headers.length > 0 || served.hosts.length > 0;
}

/** Undefined for a deployment that takes all. */
export function renderCondition(served: ServedDeployment): EnvoyJson | undefined {
  const hosts = served.hosts.flatMap(matchHost);
  const all = [
    ...(hosts.length === 0 ? [] : [{ or_matcher: { predicate: hosts } }]),
    ...served.headers.flatMap(matchHeader),
  ];
  const [only, ...others] = all;
  return others.length === 0 ? only : allOf(all);
}

/** Two predicates: the name alone, and with a port behind it. */
function matchHost(host: string): EnvoyJson[] {
  const matches = host.startsWith('*')
    ? [{ suffix: host.slice(1) }, { contains: `${host.slice(1)}:` }]
    : [{ exact: host }, { prefix: `${host}:` }];
  return matches.map((match) => headerPredicate(AUTHORITY, { ...match, ignore_case: true }));
}

function matchHeader({ name, value, isRegex }: HeaderCondition): EnvoyJson[] {
  if (!isRegex) return [headerPredicate(name, { exact: value })];
  return [`(?s).{0,${MAX_MATCHED_BYTES}}`, value].map((regex) =>
    headerPredicate(name, { safe_regex: { google_re2: {}, regex } }),
  );
}
