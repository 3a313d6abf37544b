// Predicates of Envoy's matcher trees, which look at headers of requests.
import { type EnvoyJson, typed } from './json.ts';

export function headerInput(name: string): EnvoyJson {
  return {
    name: 'header',
    typed_config: typed('envoy.type.matcher.v3.HttpRequestHeaderMatchInput', {
      header_name: name,
    }),
  };
}

/** That a request has this header, and its value matches. */
export function headerPredicate(name: string, match: EnvoyJson): EnvoyJson {
  return { single_predicate: { input: headerInput(name), value_match: match } };
}

export function allOf(predicates: readonly EnvoyJson[]): EnvoyJson {
  return { and_matcher: { predicate: predicates } };
}

export function not(predicate: EnvoyJson): EnvoyJson {
  return { not_matcher: predicate };
}

/** A route's matcher of a header by its text. Unlike there, an inverted one takes requests without the header too. */
export function asPredicate(header: EnvoyJson): EnvoyJson {
  const { name, string_match: match, invert_match: isInverted } = header;
  if (typeof name !== 'string' || match === undefined)
    throw new Error(`no matcher of a text: ${JSON.stringify(header)}`);
  const predicate = headerPredicate(name, inTrees(match as EnvoyJson));
  return isInverted === true ? not(predicate) : predicate;
}

/** Trees want the engine of a regular expression named. */
function inTrees(match: EnvoyJson): EnvoyJson {
  const regex = match['safe_regex'];
  return regex === undefined ? match : { safe_regex: { google_re2: {}, ...(regex as EnvoyJson) } };
}
