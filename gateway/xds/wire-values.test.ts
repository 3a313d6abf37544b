import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import { LOADER_OPTIONS } from '../../proto/load.ts';
import { type Encoded, encodeResource, TYPES } from './messages.ts';

const CLUSTER = loadSync('envoy/xds/cluster.proto', {
  ...LOADER_OPTIONS,
  includeDirs: [join(import.meta.dirname, '../../proto')],
})[TYPES.clusters] as MessageTypeDefinition<object, object>;

/** The cluster as it is in the bytes. */
function decodeCluster({ bytes }: Encoded): object {
  return CLUSTER.deserialize(bytes);
}

test('durations and optional numbers of plain JSON reach the wire, in parts, lists and maps too', () => {
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  const encoded = encodeResource('clusters', {
    name: 'c',
    connect_timeout: '1.500s',
    per_connection_buffer_limit_bytes: 1024,
    circuit_breakers: { thresholds: [{ max_connections: 3 }] },
    typed_extension_protocol_options: {
      [options]: {
        '@type': `type.googleapis.com/${options}`,
        common_http_protocol_options: { idle_timeout: '60s', max_headers_count: 7 },
        explicit_http_config: { http_protocol_options: {} },
      },
    },
  });
  const plain = JSON.parse(JSON.stringify(decodeCluster(encoded))) as {
    connect_timeout: object;
    per_connection_buffer_limit_bytes: object;
    circuit_breakers: { thresholds: object[] };
  };
  assert.deepEqual(plain.connect_timeout, { seconds: '1', nanos: 500_000_000 });
  assert.deepEqual(plain.per_connection_buffer_limit_bytes, { value: 1024 });
  assert.deepEqual(plain.circuit_breakers.thresholds[0], { max_connections: { value: 3 } });
  const text = encoded.bytes.toString('latin1');
  // 60 s as a duration, in the part.
  assert.ok(text.includes('\x08\x3c'), 'idle timeout');
});

test('a part that is in bytes already passes', () => {
  const value = Buffer.from('x');
  const encoded = encodeResource('routes', {
    name: 'r',
    virtual_hosts: [
      {
        name: 'r',
        domains: ['*'],
        matcher: {
          on_no_match: {
            action: {
              name: 'a',
              typed_config: { type_url: 'type.googleapis.com/t', value } as never,
            },
          },
        },
      },
    ],
  });
  assert.ok(encoded.bytes.includes('type.googleapis.com/t'));
});

test('the metadata of an endpoint reaches the wire', () => {
  const encoded = encodeResource('endpoints', {
    cluster_name: 'c',
    endpoints: [
      { lb_endpoints: [{ metadata: { filter_metadata: { 'envoy.lb': { pod: 'p/m-0' } } } }] },
    ],
  });
  // Map entry, its Struct, the entry of that, its Value with string_value (3).
  const value = Buffer.from('\x1a\x05p/m-0', 'latin1');
  const entry = Buffer.concat([Buffer.from('\x0a\x03pod\x12\x07', 'latin1'), value]);
  assert.ok(encoded.bytes.includes(entry), encoded.bytes.toString('hex'));
});

test('a field that would be lost is refused', () => {
  assert.throws(
    () => encodeResource('clusters', { name: 'c', track_timeout_budgets: true }),
    /no proto file holds track_timeout_budgets of envoy\.config\.cluster\.v3\.Cluster/,
  );
});

test('a value by a name that would be lost is refused', () => {
  assert.throws(
    () => encodeResource('clusters', { name: 'c', lb_policy: 'LEAST_LOADED' }),
    /no proto file holds LEAST_LOADED of envoy\.config\.cluster\.v3\.Cluster\.LbPolicy/,
  );
  assert.equal(
    (
      decodeCluster(encodeResource('clusters', { name: 'c', lb_policy: 'RANDOM' })) as {
        lb_policy: string;
      }
    ).lb_policy,
    'RANDOM',
  );
});
