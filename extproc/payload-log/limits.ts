// What payload logs may take of the filter: they are dropped before they slow a request down.

/** Events that wait to be sent; a further one is dropped and counted. */
export const MAX_WAITING_EVENTS = 10_000;
/** Bytes of payloads and their headers that wait to be sent or are being sent; a payload that needs more is dropped and counted. */
export const MAX_WAITING_EVENT_BYTES = 32 * 1024 * 1024;
/** Events that are sent at a time. */
export const MAX_EVENTS_IN_FLIGHT = 10;
/** A sink that has not answered after this time has lost the event. */
export const EVENT_TIMEOUT_MS = 10_000;
/** Of a sink's response so much is read, and thrown away; the connection of a longer one is closed. */
export const MAX_SINK_RESPONSE_BYTES = 64 * 1024;
/** A compressed payload that unpacks to more is sent as it is, with its content encoding: as many as are sent at a time may do so. */
export const MAX_UNPACKED_EVENT_BYTES = 4 * 1024 * 1024;
