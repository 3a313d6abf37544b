// How a broker of Kafka is spoken to: from the variables that Seldon's executor reads. In: the environment of the filter's process, to which
// `svcOrchSpec.env` belongs in a cluster, so that secrets are in no plan; out: TLS and SASL, or what is wrong with them.
import { readFileSync } from 'node:fs';
import { KAFKA_PROTOCOLS, SASL_MECHANISMS } from '../../graph/plan/kafka-words.ts';

export interface KafkaSecurity {
  /** Undefined for plain TCP. */
  readonly tls: KafkaTls | undefined;
  readonly sasl: KafkaSasl | undefined;
}

/** PEM, each undefined where nothing is said: the authorities are then those of Node. */
export interface KafkaTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly passphrase: string | undefined;
}

export interface KafkaSasl {
  readonly mechanism: (typeof SASL_MECHANISMS)[number];
  readonly username: string;
  readonly password: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Throws, with words for the log, where a variable cannot be used: nothing is sent less securely than it was asked for. */
export function readKafkaSecurity(variables: Variables): KafkaSecurity {
  const protocol = (variables['KAFKA_SECURITY_PROTOCOL'] || 'PLAINTEXT').toUpperCase();
  if (!KAFKA_PROTOCOLS.some((known) => known === protocol))
    throw new Error(`KAFKA_SECURITY_PROTOCOL is none of ${KAFKA_PROTOCOLS.join(', ')}`);
  return {
    tls: protocol.endsWith('SSL') ? readTls(variables) : undefined,
    sasl: protocol.startsWith('SASL') ? readSasl(variables) : undefined,
  };
}

function readTls(variables: Variables): KafkaTls {
  const pem = (name: string): string | undefined => {
    const file = variables[`${name}_FILE`];
    return variables[name] || (file ? readFileSync(file, 'utf8') : undefined);
  };
  return {
    ca: pem('KAFKA_SSL_CA_CERT'),
    cert: pem('KAFKA_SSL_CLIENT_CERT'),
    key: pem('KAFKA_SSL_CLIENT_KEY'),
    passphrase: variables['KAFKA_SSL_CLIENT_KEY_PASS'] || undefined,
  };
}

function readSasl(variables: Variables): KafkaSasl {
  const wanted = (variables['KAFKA_SASL_MECHANISM'] || 'PLAIN').toUpperCase();
  const mechanism = SASL_MECHANISMS.find((known) => known === wanted);
  if (mechanism === undefined)
    throw new Error(`KAFKA_SASL_MECHANISM is none of ${SASL_MECHANISMS.join(', ')}`);
  const username = variables['KAFKA_SASL_USERNAME'];
  const password = variables['KAFKA_SASL_PASSWORD'];
  if (!username || !password)
    throw new Error('KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are not both set');
  return { mechanism, username, password };
}
