// What payload logs may take of the filter: they are dropped before they slow a request down.

/** Events that wait to be sent, over all sinks; for a further one the sink with the most makes room, or it is dropped: both are counted. */
export const MAX_WAITING_EVENTS = 10_000;
/** Bytes of payloads and their headers that wait to be sent or are being sent, over all sinks; the same happens to a payload that needs more. */
export const MAX_WAITING_EVENT_BYTES = 32 * 1024 * 1024;
/** Events, and batches of them for Kafka, that are sent at a time. The sinks have equal parts of it, and one each at least. */
export const MAX_EVENTS_IN_FLIGHT = 10;
/** Of those bytes the share that may be on its way; each sink has an equal part of it, or a single event. */
export const MAX_SENDING_SHARE = 0.5;
/** A sink that has not answered after this time has lost the event. */
export const EVENT_TIMEOUT_MS = 10_000;
/** For what waits when the process ends, after its last request; it is dropped then. */
export const FLUSH_LIMIT_MS = 1500;
/** Of an HTTP sink's response so much is read, and thrown away; the connection of a longer one is closed. */
export const MAX_SINK_RESPONSE_BYTES = 64 * 1024;
/** Events that are produced to Kafka together: those that are next to each other in the queue of their topic. */
export const MAX_KAFKA_BATCH_EVENTS = 100;
/** Bytes of such a batch, headers included; an event that is larger is produced by itself. Brokers take 1 MiB, if nothing else is set. */
export const MAX_KAFKA_BATCH_BYTES = 256 * 1024;
/** For connecting to a broker, and for each of its responses. */
export const KAFKA_ATTEMPT_TIMEOUT_MS = 3000;
/** Between two attempts to produce a batch, until `EVENT_TIMEOUT_MS` is over. */
export const KAFKA_RETRY_DELAY_MS = 500;
/** Of a broker so much is read between two batches that it has taken; the connection is then closed. */
export const MAX_BROKER_RESPONSE_BYTES = 1024 * 1024;
/** The connections to brokers are closed after this time without an event. */
export const KAFKA_IDLE_MS = 60_000;
/** A payload with fields to be left out that is longer, as it was sent, decompressed or redacted, is not sent. */
export const MAX_REDACTED_EVENT_BYTES = 4 * 1024 * 1024;
/** A payload of at most this size, decompressed and redacted, is redacted on the event loop; all others in a thread, one at a time. */
export const REDACT_NOW_BYTES = 8 * 1024;
/** Payloads that wait for that thread; a further one is not sent. */
export const MAX_WAITING_REDACTIONS = 1000;
/** That thread ends after this time without a payload. */
export const REDACTOR_IDLE_MS = 10_000;
/** That thread's own JavaScript heap, in which payloads are not kept. */
export const MAX_REDACTOR_HEAP_BYTES = 16 * 1024 * 1024;
/** A compressed payload that unpacks to more is sent as it is, with its content encoding: as many as are sent at a time may do so. */
export const MAX_UNPACKED_EVENT_BYTES = 4 * 1024 * 1024;
