// What an Envoy of ours does when it holds too much, shared by the sidecar's and the gateway's bootstrap. Memory: the streams
// that hold most are reset first, then idle memory is given back, and only near the bound are new requests turned away with
// 503. Files: clients' connections are bounded, so that enough are left for the units.
import { type EnvoyJson, duration, typed } from './json.ts';
import {
  CONNECTION_FILE_SHARE,
  HEAP_REFRESH_MS,
  HEAP_SHARE,
  MAX_DOWNSTREAM_CONNECTIONS,
  MAX_HEAP_BYTES,
  MIN_CLIENT_IDLE_MS,
} from './limits.ts';

/** What one Envoy process may take; decided where it is started. */
export interface EnvoyBounds {
  /** The heap that the shares below are of. */
  readonly maxHeapBytes: number;
  /** Connections of clients, all listeners together. */
  readonly maxConnections: number;
}

/** `memoryBytes`: what the process may take in all, undefined for no bound. `files`: how many it may open, where that is known. */
export function envoyBounds(
  memoryBytes: number | undefined,
  files: number | undefined,
): EnvoyBounds {
  return {
    maxHeapBytes: memoryBytes === undefined ? MAX_HEAP_BYTES : Math.floor(memoryBytes * HEAP_SHARE),
    maxConnections: Math.min(
      MAX_DOWNSTREAM_CONNECTIONS,
      Math.max(1, Math.floor((files ?? Number.POSITIVE_INFINITY) * CONNECTION_FILE_SHARE)),
    ),
  };
}

const HEAP = 'envoy.resource_monitors.fixed_heap';
const CONNECTIONS = 'envoy.resource_monitors.global_downstream_max_connections';
/** Streams count from 64 KiB on, in eight classes up to 8 MiB and more. */
const SMALLEST_COUNTED_STREAM = 16;

export function overloadManager({ maxHeapBytes, maxConnections }: EnvoyBounds): EnvoyJson {
  return {
    refresh_interval: duration(HEAP_REFRESH_MS),
    resource_monitors: [
      {
        name: HEAP,
        typed_config: typed('envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig', {
          max_heap_size_bytes: maxHeapBytes,
        }),
      },
      {
        name: CONNECTIONS,
        typed_config: typed(
          'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
          { max_active_downstream_connections: maxConnections },
        ),
      },
    ],
    buffer_factory_config: { minimum_account_to_track_power_of_two: SMALLEST_COUNTED_STREAM },
    actions: [
      // The higher the pressure, the smaller the streams that are reset: those of the largest class first.
      {
        name: 'envoy.overload_actions.reset_high_memory_stream',
        triggers: [{ name: HEAP, scaled: { scaling_threshold: 0.7, saturation_threshold: 0.95 } }],
      },
      // Idle connections go first: near either bound, those without a request for a second.
      {
        name: 'envoy.overload_actions.reduce_timeouts',
        triggers: [
          { name: HEAP, scaled: { scaling_threshold: 0.8, saturation_threshold: 0.95 } },
          { name: CONNECTIONS, scaled: { scaling_threshold: 0.4, saturation_threshold: 0.6 } },
        ],
        typed_config: typed('envoy.config.overload.v3.ScaleTimersOverloadActionConfig', {
          timer_scale_factors: [
            { timer: 'HTTP_DOWNSTREAM_CONNECTION_IDLE', min_timeout: duration(MIN_CLIENT_IDLE_MS) },
          ],
        }),
      },
      // What comes in meanwhile waits in the kernel; only a burst between two looks is closed.
      {
        name: 'envoy.overload_actions.stop_accepting_connections',
        triggers: [{ name: CONNECTIONS, threshold: { value: 0.65 } }],
      },
      {
        name: 'envoy.overload_actions.shrink_heap',
        triggers: [{ name: HEAP, threshold: { value: 0.85 } }],
      },
      {
        name: 'envoy.overload_actions.stop_accepting_requests',
        triggers: [{ name: HEAP, threshold: { value: 0.97 } }],
      },
    ],
  };
}
