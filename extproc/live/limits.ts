// What live data and captures may take of a filter's process: bodies are left out before they slow a request down.

/** Of a body that is captured at most so much is kept, and how long it is. */
export const MAX_CAPTURED_BODY_BYTES = 256 * 1024;
/** Bodies of one request that are kept in the filter, all together. */
export const MAX_CAPTURED_WALK_BYTES = 2 * 1024 * 1024;
/** Bodies of captured requests that wait to be fetched from one filter process, those of requests in flight too. */
export const MAX_WAITING_CAPTURE_BYTES = 16 * 1024 * 1024;
/**
 * Walks that are kept until the next ask, a second later: the newest. Envoy writes lines for 200 requests of that second, any of
 * them, so this has to be as many as a worker walks in it; 600 B each of two calls, while somebody watches.
 */
export const MAX_WALKS = 4000;
/** Calls of those walks, all together: graphs of a hundred units take no more memory than chains. */
export const MAX_WALK_CALLS = 16_000;
