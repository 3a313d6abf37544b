// All sinks of a process, by their URLs: HTTP, and one client for each cluster of Kafka. Kafka's library is loaded with the first plan that
// names a topic and not before: it takes some 25 MB.
import type { Plan } from '../../graph/plan/plan.ts';
import { readSinkUrl, type SinkUrl } from '../../graph/plan/sink-url.ts';
import type { OpenEvent } from './event-body.ts';
import { HttpSink } from './http-sink.ts';
import type { KafkaSink } from './kafka-sink.ts';
import { readKafkaSecurity } from './kafka-settings.ts';

type Kafka = typeof import('./kafka-sink.ts');

export class Sinks {
  readonly #variables: Readonly<Record<string, string | undefined>>;
  readonly #http = new HttpSink();
  readonly #clusters = new Map<string, KafkaSink>();
  #kafka: Kafka | undefined;

  /** `variables` say how brokers are spoken to. */
  constructor(variables: Readonly<Record<string, string | undefined>>) {
    this.#variables = variables;
  }

  /** Before the programs of plans are compiled. */
  async load(plans: readonly Plan[]): Promise<void> {
    const urls = plans.flatMap(({ units }) => units.flatMap(({ logs }) => logs?.url ?? []));
    if (this.#kafka !== undefined || !urls.some(isKafka)) return;
    this.#kafka = await import('./kafka-sink.ts');
  }

  /** What went wrong with each event of a batch for one URL, undefined for nothing; rejects where it is the same for all. */
  send(url: string, events: readonly OpenEvent[]): Promise<(string | undefined)[]> {
    const sink = readSinkUrl(url);
    if (sink?.kind === 'kafka') return this.#clusterOf(sink).send(sink.topic, events);
    return Promise.all(events.map((event) => this.#http.send(event)));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clusters.values()].map((cluster) => cluster.close()));
  }

  #clusterOf({ brokers }: Extract<SinkUrl, { kind: 'kafka' }>): KafkaSink {
    const key = brokers.map(({ host, port }) => `${host} ${port}`).join();
    const known = this.#clusters.get(key);
    if (known !== undefined) return known;
    if (this.#kafka === undefined) throw new Error('Kafka is not loaded');
    const cluster = new this.#kafka.KafkaSink(brokers, () => readKafkaSecurity(this.#variables));
    this.#clusters.set(key, cluster);
    return cluster;
  }
}

/** What a URL's sink is called: events of one name wait for each other. No credentials, no path of HTTP, no query. */
export function sinkName(url: string): string {
  const sink = readSinkUrl(url);
  if (sink?.kind === 'http') return sink.url.origin;
  return sink?.kind === 'kafka' ? url : 'no URL of a sink';
}

/** Whether events to this URL are sent in batches. */
export function isKafka(url: string): boolean {
  return url.startsWith('kafka:');
}
