// Every limit of the traces that the filter makes.

/** Spans that wait for their export; further ones are lost. */
export const MAX_WAITING_SPANS = 4096;
/** Spans of one export. */
export const MAX_EXPORTED_SPANS = 512;
/** How long spans wait for others, to be exported with them. */
export const EXPORT_DELAY_MS = 1000;
/** Time for one export; what is not taken is lost. */
export const EXPORT_TIMEOUT_MS = 5000;
/** How often a receiver that takes no spans has a line in the log. */
export const LOST_LOG_MS = 60_000;
