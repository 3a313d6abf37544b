// How feedback comes back to the pod that served its request. Responses of pods that may remember requests say which one it was, by
// a header that a client may send back; it then chooses among the pods of that predictor, whose endpoints carry the same name,
// and of a pod that is not there any more it goes to any.
import { type EnvoyJson, overwriteHeader, typed } from '../../envoy/kit/json.ts';
import { POD_HEADER } from '../../graph/plan/names.ts';
import type { PodAddress } from './served.ts';

/** Off by default: on feedback alone. */
const HOME_FILTER = 'sidegraph.home';
/** Where Envoy looks for what an endpoint has to be. */
const CRITERIA = 'envoy.lb';
const POD = 'pod';

/** Reads the header, on routes that switch it on. */
export function homeFilter(): EnvoyJson {
  return {
    name: HOME_FILTER,
    disabled: true,
    typed_config: typed('envoy.extensions.filters.http.header_to_metadata.v3.Config', {
      request_rules: [
        {
          header: POD_HEADER,
          on_header_present: { metadata_namespace: CRITERIA, key: POD, type: 'STRING' },
        },
      ],
    }),
  };
}

/** Of a route: what matches feedback whose request a predictor served. */
export function homeMatch(predictor: string): EnvoyJson {
  return { name: POD_HEADER, string_match: { prefix: `${predictor}/` } };
}

/** Of such a route: the header chooses the pod, which does not see it. */
export function homeRoute(): EnvoyJson {
  return {
    request_headers_to_remove: [POD_HEADER],
    typed_per_filter_config: {
      [HOME_FILTER]: typed('envoy.config.route.v3.FilterConfig', { config: {} }),
    },
  };
}

/** Of a route to pods that may remember: responses name theirs. Where the pod has no name there is no header. */
export function namesPod(): EnvoyJson {
  return {
    response_headers_to_add: [
      overwriteHeader(POD_HEADER, `%UPSTREAM_METADATA(${CRITERIA}:${POD})%`),
    ],
  };
}

/** Of a cluster: each pod can be chosen by its name. */
export function podSubsets(): EnvoyJson {
  return {
    lb_subset_config: {
      fallback_policy: 'ANY_ENDPOINT',
      subset_selectors: [{ keys: [POD], single_host_per_subset: true }],
    },
  };
}

/** Of an endpoint. */
export function podMetadata(predictor: string, { name }: PodAddress): EnvoyJson {
  return { metadata: { filter_metadata: { [CRITERIA]: { [POD]: `${predictor}/${name}` } } } };
}
