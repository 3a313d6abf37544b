// CloudEvents headers on every response to a request that carries Ce-Specversion, as Seldon's executor sets them.
import { PUID_HEADER } from '../../../graph/plan/names.ts';
import { type EnvoyJson, literal, overwriteHeader, typed } from '../json.ts';
import { CLOUD_EVENTS_FILTER, CLOUD_EVENTS_HEADER, PATH_STATE } from '../names.ts';

export function cloudEventsFilter(deployment: string, namespace: string): EnvoyJson {
  const response: readonly (readonly [string, string])[] = [
    ['ce-id', `%REQ(${PUID_HEADER})%`],
    [CLOUD_EVENTS_HEADER, '0.3'],
    ['ce-path', `%FILTER_STATE(${PATH_STATE}:PLAIN)%`],
    ['ce-type', literal(`seldon.${deployment}.${namespace}.response`)],
    ['ce-source', literal(`seldon.${deployment}`)],
  ];
  return {
    name: CLOUD_EVENTS_FILTER,
    typed_config: typed('envoy.extensions.common.matching.v3.ExtensionWithMatcher', {
      extension_config: {
        name: CLOUD_EVENTS_FILTER,
        typed_config: typed('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', {
          mutations: {
            response_mutations: response.map(([key, value]) => ({
              append: overwriteHeader(key, value),
            })),
          },
        }),
      },
      xds_matcher: {
        matcher_list: {
          matchers: [
            {
              predicate: {
                not_matcher: {
                  single_predicate: {
                    input: {
                      name: CLOUD_EVENTS_HEADER,
                      typed_config: typed('envoy.type.matcher.v3.HttpRequestHeaderMatchInput', {
                        header_name: CLOUD_EVENTS_HEADER,
                      }),
                    },
                    value_match: { safe_regex: { google_re2: {}, regex: '.+' } },
                  },
                },
              },
              on_match: {
                action: {
                  name: 'skip',
                  typed_config: typed(
                    'envoy.extensions.filters.common.matcher.action.v3.SkipFilter',
                  ),
                },
              },
            },
          ],
        },
      },
    }),
  };
}
