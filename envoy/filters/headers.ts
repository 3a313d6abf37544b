// Header filters of the ingress: what is taken from clients before the first route match, what every request gets,
// and (by route tables) what every answer gets.
import { INTERNAL_HEADER_PREFIX, PUID_HEADER } from '../../graph/names.ts';
import { type JsonObject, typed } from '../json.ts';
import { HEADERS_FILTER, PATH_FILTER, PATH_STATE } from '../names.ts';

/** Clients cannot name a unit or steer Envoy's router: these prefixes are removed before the first route match. */
export function strippedPrefixes(): JsonObject {
  return {
    name: 'sidegraph.strip',
    typed_config: typed(
      'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation',
      {
        mutations: [INTERNAL_HEADER_PREFIX, 'x-envoy-'].map((prefix) => ({
          remove_on_match: { key_matcher: { prefix } },
        })),
      },
    ),
  };
}

/** Gives each request a puid; the route tables add what answers carry. */
export function headersFilter(): JsonObject {
  return {
    name: HEADERS_FILTER,
    typed_config: typed('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', {
      mutations: {
        request_mutations: [
          {
            append: {
              header: { key: PUID_HEADER, value: '%UNIQUE_ID%' },
              append_action: 'ADD_IF_ABSENT',
            },
          },
        ],
      },
      most_specific_header_mutations_wins: true,
    }),
  };
}

/** Keeps the client's path for the access log and CloudEvents: routes and the filter rewrite it. */
export function pathFilter(): JsonObject {
  return {
    name: PATH_FILTER,
    typed_config: typed('envoy.extensions.filters.http.set_filter_state.v3.Config', {
      on_request_headers: [
        {
          object_key: PATH_STATE,
          factory_key: 'envoy.string',
          format_string: { text_format_source: { inline_string: '%PATH(NQ:PATH)%' } },
        },
      ],
    }),
  };
}
