// What several boards ask in the same words.

/** Seldon's family of requests that enter a graph, of what is chosen. */
export const SERVER = 'seldon_api_executor_server_requests_seconds';
/** Seldon's family of calls to units. */
export const CLIENT = 'seldon_api_executor_client_requests_seconds';

/** What the gateway's clients get of each deployment. */
export const GATEWAY_REQUESTS = 'sidegraph_gateway_requests_total';
export const GATEWAY_SECONDS = 'sidegraph_gateway_request_seconds';
export const AT_GATEWAY = 'deployment_namespace, deployment_name';
export const AT_GATEWAY_LEGEND = '{{deployment_namespace}}/{{deployment_name}}';

export const OF_DEPLOYMENT = 'deployment_name=~"$deployment",predictor_name=~"$predictor"';
/** Of predictions and feedback alone: no status, no metadata. */
export const PREDICTIONS = 'service!~"status|metadata|.*Metadata|.*ModelMetadata"';
/** HTTP status from 500 on, and what gRPC says of a fault of the server. */
export const FAILED =
  'code=~"5..|Unknown|DeadlineExceeded|ResourceExhausted|Unimplemented|Internal|Unavailable|DataLoss"';

export function rate(metric: string, ...labels: readonly string[]): string {
  return `rate(${metric}{${labels.join(',')}}[$__rate_interval])`;
}

export function sumBy(by: string, expr: string): string {
  return `sum by (${by}) (${expr})`;
}

/** Seconds under which the share `q` of a histogram's observations are. */
export function quantile(
  q: number,
  by: string,
  family: string,
  ...labels: readonly string[]
): string {
  return `histogram_quantile(${q}, ${sumBy(`${by}, le`, rate(`${family}_bucket`, ...labels))})`;
}

/** The share of what failed, 0 where nothing did. */
export function failedShare(by: string, family: string, ...labels: readonly string[]): string {
  return shareOf(by, `${family}_count`, FAILED, labels);
}

/** The same as the gateway counts it. */
export function failedAtGateway(by: string, ...labels: readonly string[]): string {
  return shareOf(by, GATEWAY_REQUESTS, 'code_class="5xx"', labels);
}

function shareOf(by: string, counter: string, which: string, labels: readonly string[]): string {
  const all = sumBy(by, rate(counter, ...labels));
  const some = sumBy(by, rate(counter, ...labels, which));
  return `(${some} or 0 * ${all}) / ${all}`;
}
