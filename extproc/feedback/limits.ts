// Bounds of feedback between the processes of a filter; those of the memory of requests are the deployment's (`FeedbackMemory`).

/** How long another filter process may take to say whether it remembers a request; then the feedback gets FILTER_UNAVAILABLE. */
export const RECALL_LIMIT_MS = 1000;
/**
 * How long the response to a feedback that was not taken waits for the filter process that remembers the request to know that it may come
 * again. A client that comes again before is told FEEDBACK_DUPLICATE.
 */
export const RELEASE_LIMIT_MS = 500;
/** How long a filter process gathers what its routers have learned before it sends that to the others. */
export const LESSON_DELAY_MS = 100;
