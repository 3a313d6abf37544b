// The mark of a request that one listener of ours passes on to another, which does and logs what there is to.
import { INTERNAL_HEADER_PREFIX } from '../../graph/plan/names.ts';
import { type EnvoyJson, overwriteHeader } from './json.ts';

export const PASSED_ON_HEADER = `${INTERNAL_HEADER_PREFIX}passed-on`;

/** A header to add. */
export function passedOn(): EnvoyJson {
  return overwriteHeader(PASSED_ON_HEADER, '1');
}

/** Matches the headers of a request without the mark. */
export function isNotPassedOn(): EnvoyJson {
  return { name: PASSED_ON_HEADER, present_match: true, invert_match: true };
}
