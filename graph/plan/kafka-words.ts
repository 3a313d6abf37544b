// The words of Kafka's clients that say how a broker is spoken to, as far as the filter knows them.

/** `security.protocol`. */
export const KAFKA_PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;
/** `sasl.mechanism`. */
export const SASL_MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
