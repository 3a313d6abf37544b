// Every limit of the traces that the filter makes.

/** Spans of one export. */
export const MAX_EXPORTED_SPANS = 512;
/** How often a receiver that takes no spans has a line in the log. */
export const LOST_LOG_MS = 60_000;
