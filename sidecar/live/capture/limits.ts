// What captures may take of the process that runs a graph.

/** Captured requests that are kept where `--capture` says no number: the newest. */
export const DEFAULT_CAPTURES = 50;
/** The most that it may say. */
export const MAX_CAPTURES = 500;
/** Bodies and headers of all captured requests that are kept; the oldest go first. */
export const MAX_KEPT_CAPTURE_BYTES = 64 * 1024 * 1024;
/** Requests that are captured in a second: when there are more, the rest of the second is left out. */
export const MAX_CAPTURES_PER_SECOND = 50;
/** What Envoy reports of one request as text; a longer one ends the reports of others in that second. */
export const MAX_TRACE_BYTES = 4 * 1024 * 1024;
/** Parts of a request that wait for the others, bytes. */
export const MAX_WAITING_PART_BYTES = 64 * 1024 * 1024;
/** How long they wait. */
export const PART_WAIT_MS = 4000;
/** Requests that are sent again at a time. */
export const MAX_REPLAYS = 8;
/** How long a request that is sent again may take. */
export const REPLAY_LIMIT_MS = 120_000;
/** How long it may take until everything that captures runs; whoever waits for it does not wait longer. */
export const CAPTURE_START_LIMIT_MS = 5_000;
/** How long what was captured of it may take after its response. */
export const REPLAY_CAPTURE_LIMIT_MS = 10_000;
/** What is sent to have a request sent again. */
export const MAX_REPLAY_BYTES = 4 * 1024 * 1024;
