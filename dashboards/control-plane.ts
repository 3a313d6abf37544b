// The board of those who run Sidegraph itself: operator, webhooks, gateway.
import { type Board, panel } from './panel.ts';
import {
  AT_GATEWAY,
  AT_GATEWAY_LEGEND,
  GATEWAY_REQUESTS,
  quantile,
  rate,
  sumBy,
} from './queries.ts';

export const CONTROL_PLANE: Board = {
  uid: 'sidegraph-control-plane',
  title: 'Sidegraph / Control plane',
  description: 'Operator, webhooks and gateway agent.',
  variables: [],
  rows: [
    {
      title: 'Operator',
      panels: [
        panel('operator', 'Deployments', 'In which state are they?', 'short', {
          '{{state}}': 'sum by (state) (sidegraph_deployments)',
        }),
        panel('operator', 'Reconciles', 'How much work is done, with which result?', 'ops', {
          '{{result}}':
            'sum by (result) (rate(controller_runtime_reconcile_total[$__rate_interval]))',
        }),
        panel('operator', 'Time of a reconcile (p99)', 'How long does one take?', 's', {
          p99: quantile(0.99, 'controller', 'controller_runtime_reconcile_time_seconds'),
        }),
        panel('operator', 'Queue', 'Is there more work than hands?', 'short', {
          'depth {{name}}': 'sum by (name) (workqueue_depth)',
        }),
        panel('operator', 'Silence of the API server', 'When was each watch last heard?', 's', {
          '{{kind}}': 'max by (kind) (sidegraph_watch_age_seconds)',
        }),
        panel('operator', 'Leader', 'Which replica leads?', 'short', {
          '{{pod}}': 'leader_election_master_status',
        }),
      ],
    },
    {
      title: 'Webhooks',
      panels: [
        panel('admission', 'Reviews', 'What is asked, and what is the verdict?', 'ops', {
          '{{outcome}} {{webhook}}':
            'sum by (webhook, outcome) (rate(sidegraph_admission_reviews_total[$__rate_interval]))',
        }),
        panel('admission', 'Time of a review (p99)', 'How long does the API server wait?', 's', {
          '{{webhook}}': quantile(0.99, 'webhook', 'sidegraph_admission_review_seconds'),
        }),
      ],
    },
    {
      title: 'Gateway',
      panels: [
        panel('gateway', 'Until a change is live (p99)', 'How fresh are the routes?', 's', {
          p99: quantile(0.99, 'pod', 'sidegraph_gateway_live_seconds'),
        }),
        panel('gateway', 'Rejected and in conflict', 'Is any deployment not served?', 'short', {
          rejected: 'max(sidegraph_gateway_refused_deployments)',
          conflicts: 'max(sidegraph_gateway_conflicts)',
        }),
        panel('gateway', 'Requests', 'How much traffic enters?', 'reqps', {
          '{{pod}}':
            'sum by (pod) (rate(envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix=~"https?"}[$__rate_interval]))',
        }),
        panel('gateway', 'Busiest deployments', 'Which ten get most of it?', 'reqps', {
          [AT_GATEWAY_LEGEND]: `topk(10, ${sumBy(AT_GATEWAY, rate(GATEWAY_REQUESTS))})`,
        }),
        panel(
          'gateway',
          'To no deployment',
          'What is asked for that nobody serves, or not counted?',
          'reqps',
          {
            unserved: 'sum(rate(sidegraph_gateway_unserved_requests_total[$__rate_interval]))',
            'not counted':
              'sum(rate(sidegraph_gateway_uncounted_requests_total[$__rate_interval]))',
          },
        ),
        panel('gateway', 'Connections', 'How many clients are connected?', 'short', {
          '{{pod}}':
            'sum by (pod) (envoy_http_downstream_cx_active{envoy_http_conn_manager_prefix=~"https?"})',
        }),
        panel('gateway', 'Responses by class', 'What do clients of the gateway get?', 'reqps', {
          '{{envoy_response_code_class}}xx':
            'sum by (envoy_response_code_class) (rate(envoy_http_downstream_rq_xx{envoy_http_conn_manager_prefix=~"https?"}[$__rate_interval]))',
        }),
        panel('gateway', 'Memory', 'What does the gateway’s Envoy hold?', 'bytes', {
          '{{pod}}': 'envoy_server_memory_allocated',
        }),
      ],
    },
  ],
};
