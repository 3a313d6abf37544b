// Header filters of the ingress: what is taken from clients before the first route match, what every request gets,
// and (by route tables) what every response gets.
import {
  ERROR_HEADER,
  INTERNAL_HEADER_PREFIX,
  PUID_HEADER,
  ROUTING_HEADER,
} from '../../../graph/plan/names.ts';
import { type EnvoyJson, overwriteHeader, typed } from '../json.ts';
import { HEADERS_FILTER, PATH_FILTER, PATH_STATE } from '../names.ts';

const FORWARDED_FOR = 'x-forwarded-for';
/** What no unit may say. */
const OURS = [ERROR_HEADER, ROUTING_HEADER, PUID_HEADER] as const;
const KEPT_FORWARDED_FOR = `${INTERNAL_HEADER_PREFIX}forwarded-for`;

/** Envoy adds its own address to what it mirrors: what the client's request had goes along. */
export function keepForwardedFor(): EnvoyJson {
  return { append: overwriteHeader(KEPT_FORWARDED_FOR, `%REQ(${FORWARDED_FOR})%`) };
}

/** Where a shadow's requests arrive: `x-forwarded-for` as the client's request had it. */
export function restoredForwardedFor(): EnvoyJson {
  return earlyMutation('sidegraph.forwarded-for', [
    { remove: FORWARDED_FOR },
    { append: overwriteHeader(FORWARDED_FOR, `%REQ(${KEPT_FORWARDED_FOR})%`) },
  ]);
}

/** Clients cannot name a unit or steer Envoy's router: these prefixes are removed before the first route match. */
export function strippedPrefixes(): EnvoyJson {
  return earlyMutation(
    'sidegraph.strip',
    [INTERNAL_HEADER_PREFIX, 'x-envoy-'].map((prefix) => ({
      remove_on_match: { key_matcher: { prefix } },
    })),
  );
}

/** Other headers of traces as W3C's, where there are any that are understood. */
export function readTraceHeaders(mutations: readonly EnvoyJson[]): EnvoyJson[] {
  return mutations.length === 0 ? [] : [earlyMutation('sidegraph.traces', mutations)];
}

function earlyMutation(name: string, mutations: readonly EnvoyJson[]): EnvoyJson {
  return {
    name,
    typed_config: typed(
      'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation',
      { mutations },
    ),
  };
}

/** A puid where the request has none, or an empty one. */
export function newPuid(): EnvoyJson {
  const given = { command: 'REQ', param: PUID_HEADER };
  const choices = JSON.stringify({ operators: [given, 'UNIQUE_ID'] });
  return overwriteHeader(PUID_HEADER, `%COALESCE(${choices})%`);
}

/** Gives each request a puid and makes `more` mutations, and takes ours out of a unit's trailers; the route tables do that to the headers of responses. */
export function headersFilter(more: readonly EnvoyJson[] = []): EnvoyJson {
  return {
    name: HEADERS_FILTER,
    typed_config: typed('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', {
      mutations: {
        request_mutations: [
          {
            append: newPuid(),
          },
          ...more,
        ],
        response_trailers_mutations: OURS.map((name) => ({ remove: name })),
      },
      most_specific_header_mutations_wins: true,
    }),
  };
}

/** Keeps the client's path for the access log and CloudEvents: routes and the filter rewrite it. */
export function pathFilter(): EnvoyJson {
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
