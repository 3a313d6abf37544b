// A snapshot in bytes: what the server compares with what an Envoy has.
import type { Json, EnvoyJson } from '../../envoy/kit/json.ts';
import type { DeploymentPart } from '../config/deployment-part.ts';
import { renderChosenRoutes, type Snapshot } from '../config/snapshot.ts';
import { type Encoded, encodePart, encodeResource } from './messages.ts';

export interface DesiredCluster {
  readonly cluster: Encoded;
  readonly endpoints: Encoded;
  readonly isEmpty: boolean;
  readonly holdMs: number;
}

export interface Desired {
  readonly clusters: ReadonlyMap<string, DesiredCluster>;
  readonly routes: Encoded;
  /** What the routes are made of, by `namespace/name`. */
  readonly parts: ReadonlyMap<string, DeploymentPart>;
  /** The table of a choice of parts. */
  readonly routesOf: (parts: Iterable<DeploymentPart>) => Encoded;
}

/** Objects that were encoded before are not encoded again: parts of unchanged deployments are the same objects. */
export class SnapshotEncoder {
  readonly #encoded = new WeakMap<object, Encoded>();
  readonly #parts = new WeakMap<object, object>();
  #last: { readonly snapshot: Snapshot; readonly desired: Desired } | undefined;

  /** A new object each time, so that a publication can be told from the one before it. */
  encode(snapshot: Snapshot): Desired {
    if (this.#last?.snapshot !== snapshot)
      this.#last = { snapshot, desired: this.#encodeAll(snapshot) };
    return { ...this.#last.desired };
  }

  /** Throws where a part cannot be put into bytes; what was encoded is kept. */
  verify(part: DeploymentPart): void {
    this.#encodeRoutes(renderChosenRoutes([part], []));
    for (const { cluster, endpoints } of part.clusters) {
      this.#once('clusters', cluster);
      this.#once('endpoints', endpoints);
    }
  }

  #encodeAll(snapshot: Snapshot): Desired {
    const clusters = new Map<string, DesiredCluster>();
    for (const { name, cluster, endpoints, isEmpty, holdMs } of snapshot.clusters) {
      clusters.set(name, {
        cluster: this.#once('clusters', cluster),
        endpoints: this.#once('endpoints', endpoints),
        isEmpty,
        holdMs,
      });
    }
    return {
      clusters,
      routes: this.#encodeRoutes(snapshot.routes),
      parts: snapshot.parts,
      routesOf: (parts) => this.#encodeRoutes(renderChosenRoutes(parts, snapshot.first)),
    };
  }

  #encodeRoutes(routes: EnvoyJson): Encoded {
    return encodeResource('routes', this.#withEncodedParts(routes) as EnvoyJson);
  }

  /** Typed parts become bytes, each object once. */
  #withEncodedParts(value: Json): Json | object {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map((each: Json) => this.#withEncodedParts(each));
    const kept = this.#parts.get(value);
    if (kept !== undefined) return kept;
    const entries = value as EnvoyJson;
    if (typeof entries['@type'] === 'string') {
      const part = encodePart(entries['@type'], entries);
      this.#parts.set(value, part);
      return part;
    }
    const copy: Record<string, Json | object> = {};
    for (const key of Object.keys(entries))
      copy[key] = this.#withEncodedParts(entries[key] ?? null);
    return copy;
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
