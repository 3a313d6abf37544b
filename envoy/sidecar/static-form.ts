// The same configuration with everything inline, so that `envoy --mode validate` sees all of it: files that Envoy
// watches are not read in that mode, and a static resource with an unknown field is an error.
import type { Json, EnvoyJson } from '../kit/json.ts';
import type { EnvoyFiles } from './render.ts';

export function staticForm(files: EnvoyFiles): EnvoyJson {
  const { dynamic_resources: _watched, static_resources: fixed, ...rest } = files.bootstrap;
  const clusters = (fixed as EnvoyJson).clusters as readonly Json[];
  return {
    ...rest,
    static_resources: {
      clusters: [...clusters, ...files.clusters],
      listeners: files.listeners.map((listener) => inlineRoutes(listener, files) as EnvoyJson),
    },
  };
}

function inlineRoutes(value: Json, files: EnvoyFiles): Json {
  if (Array.isArray(value)) return value.map((each: Json) => inlineRoutes(each, files));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, each]): [string, Json] => {
    if (key !== 'rds') return [key, inlineRoutes(each, files)];
    const table = files.routes[String((each as EnvoyJson).route_config_name)];
    return ['route_config', table ?? null];
  });
  return Object.fromEntries(entries);
}
