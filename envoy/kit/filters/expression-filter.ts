// An access log filter that asks an expression (CEL) of the request: for what no response flag or status tells.
import { type EnvoyJson, typed } from '../json.ts';

export function expressionFilter(expression: string): EnvoyJson {
  return {
    extension_filter: {
      name: 'envoy.access_loggers.extension_filters.cel',
      typed_config: typed('envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter', {
        expression,
      }),
    },
  };
}
