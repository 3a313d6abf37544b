// Renders the annotation by which Ambassador finds its mappings on the Service of a predictor, as Seldon's operator writes it: one for
// REST below the prefix, one for gRPC by the headers `seldon` and `namespace`.
import { dump } from 'js-yaml';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { LIMITS } from '../../graph/plan/limits.ts';
import type { AmbassadorSettings } from '../config/workload-config.ts';
import { annotatedCount, explainerPrefix, grpcPaths, routedPrefix } from './routed.ts';
import type { RoutedDeployment, RoutedPredictor } from './routed.ts';
import { INGRESS_ANNOTATIONS, BREAKERS_PREFIX } from '../../graph/seldon/annotation-names.ts';

export const AMBASSADOR_CONFIG = 'getambassador.io/config';

/** Seldon's, where no timeout is written, ms. */
const DEFAULT_TIMEOUT_MS = 3000;
/** Ambassador ends idle streams after that; a longer timeout needs a longer one, ms. */
const DEFAULT_IDLE_MS = 300_000;
const BREAKERS: Readonly<Record<string, string>> = {
  max_connections: 'max-connections',
  max_pending_requests: 'max-pending-requests',
  max_requests: 'max-requests',
  max_retries: 'max-retries',
};

/** Of the Service of a predictor. */
export function ambassadorConfig(
  routed: RoutedDeployment,
  predictor: RoutedPredictor,
  settings: AmbassadorSettings,
): string {
  const written = routed.annotations[INGRESS_ANNOTATIONS.ambassadorConfig] ?? '';
  if (written !== '') return written;
  const name = routed.annotations[INGRESS_ANNOTATIONS.ambassadorServiceName] || routed.name;
  const prefix = routedPrefix({ ...routed, name });
  const rest = { ...shared(routed, predictor, 'rest'), rewrite: '/' };
  const grpc = {
    ...shared(routed, predictor, 'grpc'),
    grpc: true,
    prefix: grpcPaths(),
    prefix_regex: true,
    rewrite: '',
  };
  const conditions = matches(routed);
  return render([
    { ...rest, name: mappingName(routed, predictor, 'rest_mapping'), prefix, ...conditions },
    ...(settings.singleNamespace
      ? [
          {
            ...rest,
            name: mappingName(routed, predictor, 'rest_mapping_notns'),
            prefix: `/seldon/${name}/`,
            ...conditions,
          },
        ]
      : []),
    {
      ...grpc,
      name: mappingName(routed, predictor, 'grpc_mapping'),
      ...conditions,
      headers: { namespace: routed.namespace, seldon: name, ...headersOf(conditions) },
    },
  ]);
}

/** Of the Service of an explainer. */
export function explainerAmbassadorConfig(
  routed: RoutedDeployment,
  predictor: RoutedPredictor,
): string {
  const { service = '', port = 0 } = predictor.explainer ?? {};
  return render([
    {
      name: mappingName(routed, predictor, 'explainer_rest_mapping'),
      prefix: explainerPrefix(routed, predictor),
      rewrite: '/',
      service: `${service}.${routed.namespace}:${port}`,
      timeout_ms: timeoutOf(routed, 'rest'),
      ...identity(routed),
    },
  ]);
}

function shared(
  routed: RoutedDeployment,
  predictor: RoutedPredictor,
  transport: 'rest' | 'grpc',
): JsonObject {
  const { namespace, annotations, predictors } = routed;
  const timeout = timeoutOf(routed, transport);
  const retries = annotatedCount(annotations, INGRESS_ANNOTATIONS.ambassadorRetries);
  const breakers = Object.entries(BREAKERS).flatMap(([field, name]) => {
    const value = annotatedCount(annotations, BREAKERS_PREFIX + name);
    return value === undefined ? [] : [[field, value] as const];
  });
  const port = transport === 'rest' ? predictor.ports.http : predictor.ports.grpc;
  // What is left of the others' shares is the first one's.
  const isFirst = predictor === predictors.find(({ shadow }) => !shadow);
  return {
    service: `${predictor.service}.${namespace}:${port}`,
    timeout_ms: timeout,
    ...(timeout > DEFAULT_IDLE_MS ? { idle_timeout_ms: timeout } : {}),
    ...(retries === undefined
      ? {}
      : { retry_policy: { retry_on: 'gateway-error', num_retries: retries } }),
    ...(breakers.length === 0 ? {} : { circuit_breakers: [Object.fromEntries(breakers)] }),
    ...(predictor.shadow || isFirst ? {} : { weight: predictor.traffic }),
    ...(predictor.shadow ? { shadow: true, weight: predictor.traffic } : {}),
    ...identity(routed),
  };
}

/** `name: value`, which a request must carry. */
function matches({ annotations }: RoutedDeployment): JsonObject {
  const read = (name: string): JsonObject | undefined => {
    const text = annotations[name] ?? '';
    const colon = text.indexOf(':');
    if (colon < 1) return undefined;
    return { [text.slice(0, colon).trim()]: text.slice(colon + 1).trim() };
  };
  const headers = read(INGRESS_ANNOTATIONS.ambassadorHeader);
  const regex = read(INGRESS_ANNOTATIONS.ambassadorRegexHeader);
  return {
    ...(headers === undefined ? {} : { headers }),
    ...(regex === undefined ? {} : { regex_headers: regex }),
  };
}

function headersOf(conditions: JsonObject): object {
  return (conditions['headers'] ?? {}) as object;
}

function identity({ annotations }: RoutedDeployment): JsonObject {
  const id = annotations[INGRESS_ANNOTATIONS.ambassadorId] ?? '';
  return id === '' ? {} : { ambassador_id: id };
}

function timeoutOf({ annotations }: RoutedDeployment, transport: 'rest' | 'grpc'): number {
  const limit = transport === 'rest' ? LIMITS.restTimeoutMs : LIMITS.grpcTimeoutMs;
  return annotatedCount(annotations, limit.annotation) ?? DEFAULT_TIMEOUT_MS;
}

function mappingName(
  { namespace, name }: RoutedDeployment,
  predictor: RoutedPredictor,
  suffix: string,
): string {
  return `seldon_${namespace}_${name}_${predictor.name}_${suffix}`;
}

function render(mappings: readonly JsonObject[]): string {
  return mappings
    .map((mapping) => `---\n${dump({ apiVersion: 'ambassador/v1', kind: 'Mapping', ...mapping })}`)
    .join('');
}
