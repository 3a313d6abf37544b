// Alert rules: what somebody should look at, each with what happened and what to do. The same text is a rule file for
// Prometheus and the spec of a PrometheusRule.
import { failedShare, OF_DEPLOYMENT, PREDICTIONS, SERVER } from './queries.ts';

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  /** How long it has to be so. */
  readonly for: string;
  readonly severity: 'critical' | 'warning';
  readonly summary: string;
  /** What to do. */
  readonly description: string;
}

const everything = (expr: string): string =>
  expr.replaceAll(`${OF_DEPLOYMENT},`, '').replaceAll('$__rate_interval', '5m');

export const ALERTS: readonly Alert[] = [
  {
    alert: 'SidegraphGraphFails',
    expr: `${everything(failedShare('deployment_name, predictor_name', SERVER, OF_DEPLOYMENT, PREDICTIONS))} > 0.05`,
    for: '5m',
    severity: 'critical',
    summary:
      '{{ $value | humanizePercentage }} of the requests to {{ $labels.deployment_name }} {{ $labels.predictor_name }} fail',
    description:
      'See which unit fails on the board Graphs, and the code in the header sidegraph-error of a failed response (docs/errors.md).',
  },
  {
    alert: 'SidegraphFilterOverloaded',
    expr: 'rate(sidegraph_filter_overloaded_total[5m]) > 0',
    for: '5m',
    severity: 'warning',
    summary: 'The filter of {{ $labels.pod }} turns requests away',
    description:
      'Raise the replicas, or the memory of the filter (sidegraph.io/filter-memory-limit).',
  },
  {
    alert: 'SidegraphPayloadLogsLost',
    expr: 'rate(sidegraph_payload_log_dropped_total[5m]) + rate(sidegraph_payload_log_failed_total[5m]) > 0',
    for: '10m',
    severity: 'warning',
    summary: 'Payload logs of {{ $labels.pod }} are lost',
    description:
      'Look at the sink that the filter’s log names; sample with sidegraph.io/payload-log-percent.',
  },
  {
    alert: 'SidegraphPlanRejected',
    expr: 'sidegraph_sidecar_plan_refused == 1',
    for: '2m',
    severity: 'critical',
    summary: 'The sidecar of {{ $labels.pod }} rejects its plan ({{ $labels.code }})',
    description: 'kubectl get sdep and sidegraph status say why; the last plan keeps serving.',
  },
  {
    alert: 'SidegraphDeploymentsRejectedByGateway',
    expr: 'sidegraph_gateway_refused_deployments > 0',
    for: '2m',
    severity: 'warning',
    summary: 'The gateway leaves {{ $value }} deployments out',
    description: 'Their condition Exposed names the reason.',
  },
  {
    alert: 'SidegraphOperatorStuck',
    expr: 'sidegraph_watch_age_seconds > 600',
    for: '5m',
    severity: 'critical',
    summary: 'The operator has not heard of {{ $labels.kind }} for {{ $value | humanizeDuration }}',
    description: 'Look at its log and at the API server; what is served keeps serving.',
  },
];

export function renderRules(): object {
  return {
    groups: [
      {
        name: 'sidegraph',
        rules: ALERTS.map(({ severity, summary, description, ...rule }) => ({
          ...rule,
          labels: { severity },
          annotations: { summary, description },
        })),
      },
    ],
  };
}
