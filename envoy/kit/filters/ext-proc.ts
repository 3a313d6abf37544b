// The ext_proc filter: off by default, switched on by graph routes. Requests arrive as a duplex stream: headers and body one
// after the other, nothing answered until the walk is over. One exchange a request instead of two, and the only way in which
// the filter may answer a gRPC request with a payload. Responses never pass.
import { METADATA_NAMESPACE } from '../../../graph/plan/names.ts';
import { type EnvoyJson, typed } from '../json.ts';
import { EXT_PROC_FILTER, FILTER_CLUSTER } from '../names.ts';
import { FILTER_MESSAGE_TIMEOUT_SECONDS } from '../limits.ts';

export function extProcFilter(): EnvoyJson {
  return {
    name: EXT_PROC_FILTER,
    disabled: true,
    typed_config: typed('envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor', {
      grpc_service: { envoy_grpc: { cluster_name: FILTER_CLUSTER } },
      // What the filter does shows in the spans of its calls.
      emit_client_span: false,
      stat_prefix: 'graph',
      message_timeout: `${FILTER_MESSAGE_TIMEOUT_SECONDS}s`,
      status_on_error: { code: 'ServiceUnavailable' },
      processing_mode: {
        request_header_mode: 'SEND',
        request_body_mode: 'FULL_DUPLEX_STREAMED',
        request_trailer_mode: 'SEND',
        response_header_mode: 'SKIP',
        response_body_mode: 'NONE',
        response_trailer_mode: 'SKIP',
      },
      request_attributes: ['xds.route_name'],
      metadata_options: { receiving_namespaces: { untyped: [METADATA_NAMESPACE] } },
    }),
  };
}
