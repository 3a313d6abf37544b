// What an Envoy of ours does when it holds too much: above 92 % of its heap idle memory is given back, above 95 % new
// requests get 503; connections are bounded. The sidecar's and the gateway's bootstrap share it.
import { type JsonObject, typed } from './json.ts';
import { MAX_DOWNSTREAM_CONNECTIONS } from './limits.ts';

/** `maxHeapBytes`: the heap that the shares below are of. */
export function overloadManager(maxHeapBytes: number): JsonObject {
  return {
    refresh_interval: '0.250s',
    resource_monitors: [
      {
        name: 'envoy.resource_monitors.fixed_heap',
        typed_config: typed('envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig', {
          max_heap_size_bytes: maxHeapBytes,
        }),
      },
      {
        name: 'envoy.resource_monitors.global_downstream_max_connections',
        typed_config: typed(
          'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
          { max_active_downstream_connections: MAX_DOWNSTREAM_CONNECTIONS },
        ),
      },
    ],
    actions: [
      action('envoy.overload_actions.shrink_heap', 0.92),
      action('envoy.overload_actions.stop_accepting_requests', 0.95),
    ],
  };
}

function action(name: string, threshold: number): JsonObject {
  return {
    name,
    triggers: [{ name: 'envoy.resource_monitors.fixed_heap', threshold: { value: threshold } }],
  };
}
