// A snapshot in bytes: what the server compares with what an Envoy has.
import type { Snapshot } from '../snapshot.ts';
import { type Encoded, encodeResource } from './messages.ts';

export interface DesiredCluster {
  readonly cluster: Encoded;
  readonly endpoints: Encoded;
  readonly isEmpty: boolean;
  readonly holdMs: number;
}

export interface Desired {
  readonly clusters: ReadonlyMap<string, DesiredCluster>;
  readonly routes: Encoded;
}

/** Objects that were encoded before are not encoded again: parts of unchanged deployments are the same objects. */
export class SnapshotEncoder {
  readonly #encoded = new WeakMap<object, Encoded>();

  encode(snapshot: Snapshot): Desired {
    const clusters = new Map<string, DesiredCluster>();
    for (const { name, cluster, endpoints, isEmpty, holdMs } of snapshot.clusters) {
      clusters.set(name, {
        cluster: this.#once('clusters', cluster),
        endpoints: this.#once('endpoints', endpoints),
        isEmpty,
        holdMs,
      });
    }
    return { clusters, routes: encodeResource('routes', snapshot.routes) };
  }

  #once(kind: 'clusters' | 'endpoints', resource: object): Encoded {
    let encoded = this.#encoded.get(resource);
    if (encoded === undefined) {
      encoded = encodeResource(kind, resource as Parameters<typeof encodeResource>[1]);
      this.#encoded.set(resource, encoded);
    }
    return encoded;
  }
}
