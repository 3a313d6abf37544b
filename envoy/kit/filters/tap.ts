// The tap: Envoy's own, first of a predictor's filters, so that it sees what the client sent and what the client got, whoever answered.
// It does nothing until somebody asks the admin endpoint for the requests that pass.
import { type EnvoyJson, typed } from '../json.ts';
import type { EnvoyLayout } from '../layout.ts';
import { TAP_FILTER, TAP_ID } from '../names.ts';

/** None where nothing may be captured. */
export function tapFilters({ captures }: EnvoyLayout): EnvoyJson[] {
  if (captures !== true) return [];
  return [
    {
      name: TAP_FILTER,
      typed_config: typed('envoy.extensions.filters.http.tap.v3.Tap', {
        common_config: { admin_config: { config_id: TAP_ID } },
        // Which predictor it was: by the listener.
        record_downstream_connection: true,
      }),
    },
  ];
}

/** What is sent to `/tap` of the admin endpoint; the response goes on as long as requests are wanted, one object after the other. */
export function tapRequest(maxBodyBytes: number): EnvoyJson {
  return {
    config_id: TAP_ID,
    tap_config: {
      match_config: { any_match: true },
      output_config: {
        max_buffered_rx_bytes: maxBodyBytes,
        max_buffered_tx_bytes: maxBodyBytes,
        sinks: [{ format: 'JSON_BODY_AS_BYTES', streaming_admin: {} }],
      },
    },
  };
}
