// What the orchestrator's environment says of payload logs, by the names that Seldon's executor reads: the sink of loggers that name none, and
// a broker and a topic of Kafka. In: variables; out: the URL of a sink, and in words what cannot be used.
import { KAFKA_PROTOCOLS, SASL_MECHANISMS } from '../plan/kafka-words.ts';
import { isTopic, readBrokers, readSinkUrl, SINK_WANTED } from '../plan/sink-url.ts';
import { shorten } from '../manifest/shorten.ts';

type Variables = Readonly<Record<string, string | undefined>>;

const DEFAULT_SINK_VARIABLE = 'REQUEST_LOGGER_DEFAULT_ENDPOINT';
/** Where Seldon's executor sends to when nobody says otherwise: Knative's broker of the namespace. */
const DEFAULT_SINK = 'http://default-broker';
const BROKER_VARIABLE = 'LOGGER_KAFKA_BROKER';
const TOPIC_VARIABLE = 'LOGGER_KAFKA_TOPIC';
const DEFAULT_TOPIC = 'seldon';
/** Those that say where payloads go. */
export const SINK_VARIABLES: readonly string[] = [
  DEFAULT_SINK_VARIABLE,
  BROKER_VARIABLE,
  TOPIC_VARIABLE,
];

/** Where the payloads of a logger go; `url`: what it names itself, '' for nothing. */
export function sinkOf(url: string, variables: Variables): string {
  // As in Seldon's executor, a broker in the environment takes what would go over HTTP.
  if (isKafkaUrl(url)) return url;
  const brokers = variables[BROKER_VARIABLE]?.replaceAll(/\s/g, '');
  if (brokers) return `kafka://${brokers}/${variables[TOPIC_VARIABLE] || DEFAULT_TOPIC}`;
  return url || variables[DEFAULT_SINK_VARIABLE] || DEFAULT_SINK;
}

export interface VariableFault {
  readonly variable: string;
  readonly what: string;
  readonly advice: string;
}

/** `urls`: what the loggers of a predictor name. */
export function findSinkFaults(
  urls: readonly string[],
  variables: Variables,
): readonly VariableFault[] {
  if (urls.length === 0) return [];
  const faults: VariableFault[] = [];
  const check = (variable: string, isRight: (text: string) => boolean, wanted: string): void => {
    const text = variables[variable];
    if (text && !isRight(text))
      faults.push({ variable, what: `is ${shorten(text)}`, advice: `write ${wanted}` });
  };
  const brokers = variables[BROKER_VARIABLE];
  check(BROKER_VARIABLE, (text) => readBrokers(text) !== undefined, 'BROKER:PORT,BROKER:PORT');
  if (brokers) check(TOPIC_VARIABLE, isTopic, 'the name of a topic');
  else if (urls.includes(''))
    check(DEFAULT_SINK_VARIABLE, (text) => readSinkUrl(text) !== undefined, SINK_WANTED);
  if (!urls.some((url) => isKafkaUrl(sinkOf(url, variables)))) return faults;
  const isOneOf =
    (words: readonly string[]) =>
    (text: string): boolean =>
      words.includes(text.toUpperCase());
  check('KAFKA_SECURITY_PROTOCOL', isOneOf(KAFKA_PROTOCOLS), KAFKA_PROTOCOLS.join(', '));
  check('KAFKA_SASL_MECHANISM', isOneOf(SASL_MECHANISMS), SASL_MECHANISMS.join(', '));
  return faults;
}

function isKafkaUrl(url: string): boolean {
  return url.startsWith('kafka:');
}
