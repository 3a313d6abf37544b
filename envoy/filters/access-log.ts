// The access log: one JSON line a request, without query strings, bodies or credentials.
import { METADATA_NAMESPACE, METADATA_ROUTING, PUID_HEADER } from '../../graph/names.ts';
import { type JsonObject, literal, typed } from '../json.ts';
import { PATH_STATE } from '../names.ts';

export function accessLog(path: string, graph: string, predictor: string): JsonObject {
  return {
    name: 'sidegraph.access-log',
    typed_config: typed('envoy.extensions.access_loggers.file.v3.FileAccessLog', {
      path,
      log_format: {
        json_format: {
          time: '%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%',
          graph: literal(graph),
          predictor: literal(predictor),
          unit: `%CLUSTER_METADATA(${METADATA_NAMESPACE}:unit)%`,
          route: '%ROUTE_NAME%',
          method: '%REQ(:METHOD)%',
          path: `%FILTER_STATE(${PATH_STATE}:PLAIN)%`,
          protocol: '%PROTOCOL%',
          code: '%RESPONSE_CODE%',
          details: '%RESPONSE_CODE_DETAILS%',
          flags: '%RESPONSE_FLAGS%',
          grpc_status: '%GRPC_STATUS_NUMBER%',
          duration_us: '%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%',
          unit_us: '%COMMON_DURATION(US_TX_BEG:US_RX_END:us)%',
          attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
          bytes_in: '%BYTES_RECEIVED%',
          bytes_out: '%BYTES_SENT%',
          upstream: '%UPSTREAM_HOST%',
          upstream_failure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
          puid: `%REQ(${PUID_HEADER})%`,
          routing: `%DYNAMIC_METADATA(${METADATA_NAMESPACE}:${METADATA_ROUTING})%`,
        },
      },
    }),
  };
}
