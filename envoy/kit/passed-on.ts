// The mark of a request that one listener of ours passes on to another, which does and logs what there is to.
import { INTERNAL_HEADER_PREFIX } from '../../graph/plan/names.ts';
import { type EnvoyJson, overwriteHeader, typed } from './json.ts';
import { headerPredicate } from './predicates.ts';

export const PASSED_ON_HEADER = `${INTERNAL_HEADER_PREFIX}passed-on`;

const MARK = '1';

/** A header to add. */
export function passedOn(): EnvoyJson {
  return overwriteHeader(PASSED_ON_HEADER, MARK);
}

/** An HTTP filter that takes the mark off once the request has its route. */
export function unmarkedFilter(): EnvoyJson {
  return {
    name: 'sidegraph.unmarked',
    typed_config: typed('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', {
      mutations: { request_mutations: [unmarked()] },
    }),
  };
}

/** Of a request, before anything is done with it: what its client sent is no mark. */
export function unmarked(): EnvoyJson {
  return { remove: PASSED_ON_HEADER };
}

/** In a tree of matchers. */
export function isPassedOn(): EnvoyJson {
  return headerPredicate(PASSED_ON_HEADER, { exact: MARK });
}

/** Matches the headers of a request without the mark. */
export function isNotPassedOn(): EnvoyJson {
  return { name: PASSED_ON_HEADER, present_match: true, invert_match: true };
}

/** Matches requests whose host HTTP/2 has a form for: HTTP/1.1 has an empty one too, and Envoy takes one with a user's name. */
export function fitsHttp2(): EnvoyJson {
  return { name: ':authority', string_match: { safe_regex: { regex: '[^@]+' } } };
}
