// What Envoy's own responses have in common wherever it gives them: how they are told apart, and how their bodies are written.
import type { EnvoyJson } from '../json.ts';
import { expressionFilter } from './expression-filter.ts';

/** Of requests that Envoy ends itself; details as seen on 1.40. */
export const ENDED_BY_ENVOY = {
  headersTooLarge: `response.code_details.matches('^http[12]\\\\.(too_many_headers|headers_too_large)$')`,
  bodyTimeout: `response.code_details in ['request_overall_timeout', 'request_header_timeout']`,
  // The overload manager answers without a response flag.
  overload: `response.code_details.startsWith('overload')`,
  // By the codec, or by what is looked at before the routes.
  badHttp: `response.code_details.startsWith('http1.') || response.code_details in ['http.invalid_authority', 'missing_host_header', 'path_normalization_failed', 'absolute_path_rejected']`,
  // Envoy sets no response flag for `max_stream_duration`; what may stream is bounded by its longest pause.
  deadline: `response.code_details in ['max_duration_timeout', 'stream_idle_timeout']`,
} as const;

export function when(condition: string): EnvoyJson {
  return expressionFilter(condition);
}

export function plainFormat(text: string): EnvoyJson {
  return { text_format_source: { inline_string: text } };
}

export function flags(...names: readonly string[]): EnvoyJson {
  return { response_flag_filter: { flags: [...names] } };
}
