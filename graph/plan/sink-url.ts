// Where payload logs go, as it is written in one text: `http://…`, `https://…`, or `kafka://BROKER:PORT,BROKER:PORT/TOPIC`.

export interface BrokerAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

export type SinkUrl =
  | { readonly kind: 'http'; readonly url: URL }
  | {
      readonly kind: 'kafka';
      readonly brokers: readonly BrokerAddress[];
      readonly topic: string;
    };

export const SINK_WANTED = 'http://HOST/PATH, https://HOST/PATH or kafka://BROKER:PORT/TOPIC';
const KAFKA = /^kafka:\/\/([^/?#@]+)\/([^/?#]+)$/;
const BROKER = /^(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9._-]+))(?::(\d{1,5}))?$/;
const DEFAULT_PORT = 9092;

/** Undefined for a text that is none. */
export function readSinkUrl(text: string): SinkUrl | undefined {
  const [, list, topic] = KAFKA.exec(text) ?? [];
  if (list !== undefined && topic !== undefined) {
    const brokers = readBrokers(list);
    return brokers === undefined || !isTopic(topic) ? undefined : { kind: 'kafka', brokers, topic };
  }
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return ['http:', 'https:'].includes(url.protocol) ? { kind: 'http', url } : undefined;
}

/** `host:port` with commas between, as Kafka's clients take it; undefined for what is no such list. */
export function readBrokers(list: string): readonly BrokerAddress[] | undefined {
  const brokers: BrokerAddress[] = [];
  for (const part of list.split(',')) {
    const [match, address, name, port] = BROKER.exec(part.trim()) ?? [];
    if (match === undefined) return undefined;
    const broker = { host: address ?? name ?? '', port: Number(port ?? DEFAULT_PORT) };
    if (broker.port < 1 || broker.port > 65_535) return undefined;
    brokers.push(broker);
  }
  return brokers;
}

/** What Kafka takes as the name of a topic (`org.apache.kafka.common.internals.Topic`). */
export function isTopic(name: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..';
}
