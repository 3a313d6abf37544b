// The discovery messages and resources in bytes. Everything that is sent is encoded once and named by a hash of its bytes:
// that hash is its version, so that an Envoy that comes back says itself what it still has.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type MessageTypeDefinition, loadSync } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/grpc-js';
import type { EnvoyJson } from '../../envoy/kit/json.ts';
import { LOADER_OPTIONS } from '../../proto/load.ts';
import { WireValues } from './wire-values.ts';

const FOLDER = join(import.meta.dirname, '../../proto');
const FILES = [
  'cluster',
  'discovery',
  'endpoint',
  'http_protocol_options',
  'matcher_input',
  'retry_predicate',
  'route',
  'tls',
].map((name) => `envoy/xds/${name}.proto`);

export const TYPES = {
  clusters: 'envoy.config.cluster.v3.Cluster',
  endpoints: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
  routes: 'envoy.config.route.v3.RouteConfiguration',
} as const;
export type ResourceKind = keyof typeof TYPES;

const URL_PREFIX = 'type.googleapis.com/';

export interface Encoded {
  readonly version: string;
  readonly bytes: Buffer;
}

/** Ask of Envoy; absent fields are absent. */
export interface DeltaRequest {
  readonly type_url?: string;
  readonly resource_names_subscribe?: readonly string[];
  readonly resource_names_unsubscribe?: readonly string[];
  readonly initial_resource_versions?: Readonly<Record<string, string>>;
  readonly response_nonce?: string;
  readonly error_detail?: { readonly message?: string };
}

export interface DeltaResponse {
  readonly type_url: string;
  readonly nonce: string;
  readonly resources: readonly {
    readonly name: string;
    readonly version: string;
    readonly resource: { readonly type_url: string; readonly value: Buffer };
  }[];
  readonly removed_resources: readonly string[];
}

const definitions = loadSync(FILES, { ...LOADER_OPTIONS, includeDirs: [FOLDER] });

const WIRE = new WireValues(definitions);

export const DISCOVERY_SERVICE = definitions[
  'envoy.service.discovery.v3.AggregatedDiscoveryService'
] as ServiceDefinition;

export function encodeResource(kind: ResourceKind, resource: EnvoyJson): Encoded {
  const definition = definitions[TYPES[kind]] as MessageTypeDefinition<object, object>;
  const bytes = definition.serialize(WIRE.convert(TYPES[kind], resource));
  return { bytes, version: createHash('sha1').update(bytes).digest('base64url').slice(0, 16) };
}

/** A typed part as `google.protobuf.Any`; `url` as in its `@type`. */
export function encodePart(url: string, part: EnvoyJson): { type_url: string; value: Buffer } {
  const name = url.slice(URL_PREFIX.length);
  const definition = definitions[name];
  if (definition === undefined) throw new Error(`no proto file holds ${url}`);
  return {
    type_url: url,
    value: (definition as MessageTypeDefinition<object, object>).serialize(
      WIRE.convert(name, part),
    ),
  };
}

export function urlOf(kind: ResourceKind): string {
  return URL_PREFIX + TYPES[kind];
}

export function resourceKindOf(url: string | undefined): ResourceKind | undefined {
  return (Object.keys(TYPES) as ResourceKind[]).find((kind) => urlOf(kind) === url);
}
