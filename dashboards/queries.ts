// What several boards ask in the same words.

/** Seldon's family of requests that enter a graph, of what is chosen. */
export const SERVER = 'seldon_api_executor_server_requests_seconds';
/** Seldon's family of calls to units. */
export const CLIENT = 'seldon_api_executor_client_requests_seconds';

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
  const all = sumBy(by, rate(`${family}_count`, ...labels));
  const failed = sumBy(by, rate(`${family}_count`, ...labels, FAILED));
  return `(${failed} or 0 * ${all}) / ${all}`;
}
