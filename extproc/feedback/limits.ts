// Bounds of feedback that names its prediction by puid; those of the memory are the deployment's (`FeedbackMemory`).

/** How long another filter process may take to say whether it remembers a request; then the feedback gets FILTER_UNAVAILABLE. */
export const RECALL_LIMIT_MS = 1000;
