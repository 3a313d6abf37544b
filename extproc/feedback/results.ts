// How feedback that named its prediction by puid ended: counted, by a few words.

export const FEEDBACK_RESULTS = [
  /** The units took it. */
  'given',
  /** A unit did not: it may come again. */
  'failed',
  'unknown',
  'expired',
  'duplicate',
  'route_gone',
  'not_remembered',
  'malformed',
  /** Another process of the filter did not respond. */
  'unavailable',
] as const;

export type FeedbackResult = (typeof FEEDBACK_RESULTS)[number];

export type ResultCounts = Record<FeedbackResult, number>;

export function noResults(): ResultCounts {
  return Object.fromEntries(FEEDBACK_RESULTS.map((result) => [result, 0])) as ResultCounts;
}
