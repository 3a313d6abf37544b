// An access logger that writes a JSON object a line to a file: what every request has, and fields of its own.
import { PUID_HEADER } from '../../../graph/plan/names.ts';
import { type EnvoyJson, typed } from '../json.ts';

export function fileLogger(path: string, own: EnvoyJson): EnvoyJson {
  return {
    typed_config: typed('envoy.extensions.access_loggers.file.v3.FileAccessLog', {
      path,
      log_format: { json_format: { ...COMMON_FIELDS, ...own } },
    }),
  };
}

const COMMON_FIELDS: EnvoyJson = {
  time: '%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%',
  method: '%REQ(:METHOD)%',
  protocol: '%PROTOCOL%',
  code: '%RESPONSE_CODE%',
  details: '%RESPONSE_CODE_DETAILS%',
  flags: '%RESPONSE_FLAGS%',
  grpc_status: '%GRPC_STATUS_NUMBER%',
  duration_us: '%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%',
  attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
  bytes_in: '%BYTES_RECEIVED%',
  bytes_out: '%BYTES_SENT%',
  puid: `%REQ(${PUID_HEADER})%`,
};
