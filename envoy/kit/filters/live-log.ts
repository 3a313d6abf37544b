// The live log: a line for each request while somebody looks, and while nobody does a request costs the look at one number. How many
// lines are written is bounded by Envoy itself, so that the file stays small whatever becomes of who reads it.
import { ERROR_HEADER, PUID_HEADER, TRACE_HEADER } from '../../../graph/plan/names.ts';
import { type EnvoyJson, typed } from '../json.ts';
import { type EnvoyLayout, liveLimitPath } from '../layout.ts';
import { LIVE_LINES_PER_SECOND } from '../limits.ts';
import { LIVE_LOG_KEY, PATH_STATE } from '../names.ts';
import { fileLogger } from './file-logger.ts';

const LIMIT = 'live-log';
/** So many times a second the lines of a part of it are allowed. */
const FILLS_PER_SECOND = 10;

/** `own`: what lines of the access log have beside the common fields; `only`: further filters. */
export function liveLogs(
  layout: EnvoyLayout,
  own: EnvoyJson,
  only: readonly EnvoyJson[],
): EnvoyJson[] {
  if (layout.liveLogPath === undefined) return [];
  return [
    {
      name: 'sidegraph.live-log',
      filter: { and_filter: { filters: [isWanted(), ...only, isWithinLimit(layout)] } },
      ...fileLogger(layout.liveLogPath, {
        ...own,
        // What clients and units choose is cut, for the size of a line.
        method: '%REQ(:METHOD):20%',
        path: `%FILTER_STATE(${PATH_STATE}:PLAIN):500%`,
        puid: `%REQ(${PUID_HEADER}):256%`,
        error: `%RESP(${ERROR_HEADER}):100%`,
        traceparent: `%REQ(${TRACE_HEADER}):55%`,
        unit_at_us: '%COMMON_DURATION(DS_RX_BEG:US_TX_BEG:us)%',
      }),
    },
  ];
}

function isWanted(): EnvoyJson {
  return {
    runtime_filter: {
      runtime_key: LIVE_LOG_KEY,
      percent_sampled: { numerator: 0, denominator: 'HUNDRED' },
      use_independent_randomness: true,
    },
  };
}

function isWithinLimit(layout: EnvoyLayout): EnvoyJson {
  return {
    extension_filter: {
      name: 'envoy.access_loggers.extension_filters.process_ratelimit',
      typed_config: typed(
        'envoy.extensions.access_loggers.filters.process_ratelimit.v3.ProcessRateLimitFilter',
        {
          dynamic_config: {
            resource_name: LIMIT,
            config_source: {
              path_config_source: { path: liveLimitPath(layout) },
              resource_api_version: 'V3',
            },
          },
        },
      ),
    },
  };
}

/** The file at `liveLimitPath`: Envoy takes the bucket of tokens from nowhere else. */
export function liveLimitFile(): EnvoyJson {
  const bucket = typed('envoy.type.v3.TokenBucket', {
    max_tokens: LIVE_LINES_PER_SECOND,
    tokens_per_fill: LIVE_LINES_PER_SECOND / FILLS_PER_SECOND,
    fill_interval: `${1 / FILLS_PER_SECOND}s`,
  });
  return {
    resources: [typed('envoy.service.discovery.v3.Resource', { name: LIMIT, resource: bucket })],
  };
}
