// The board of those who run pods: what the sidecars take, whether they are full, what they drop.
import { type Board, type Panel, panel } from './panel.ts';

const POD = 'pod=~"$pod"';

function gauge(
  title: string,
  description: string,
  unit: string,
  queries: Readonly<Record<string, string>>,
  source: Panel['source'] = 'graph',
): Panel {
  return panel(source, title, description, unit, queries);
}

export const SIDECARS: Board = {
  uid: 'sidegraph-sidecars',
  title: 'Sidegraph / Sidecars',
  description: 'The Envoy and the filter beside the models.',
  variables: [{ name: 'pod', query: 'label_values(sidegraph_filter_workers, pod)' }],
  rows: [
    {
      title: 'The filter',
      panels: [
        gauge('Memory', 'What does the filter hold?', 'bytes', {
          '{{pod}} resident': `sidegraph_filter_resident_memory_bytes{${POD}}`,
          '{{pod}} heap': `sidegraph_filter_heap_used_bytes{${POD}}`,
        }),
        gauge('CPU', 'How many cores does the filter take?', 'short', {
          '{{pod}}': `rate(sidegraph_filter_cpu_seconds_total{${POD}}[$__rate_interval])`,
        }),
        gauge('Requests in flight', 'How many requests are being walked?', 'short', {
          '{{pod}}': `sidegraph_filter_streams{${POD}}`,
        }),
        gauge('Saturation', 'How full is the room for messages?', 'percentunit', {
          '{{pod}}': `sidegraph_filter_held_bytes{${POD}} / (sidegraph_filter_held_bytes_limit{${POD}} > 0)`,
        }),
        gauge('Delay of the event loop', 'Does the filter come to its work in time (p99)?', 's', {
          '{{pod}}': `sidegraph_filter_event_loop_delay_seconds{${POD}}`,
        }),
        gauge('Drops', 'What is turned away, or lost?', 'ops', {
          '{{pod}} overloaded': `rate(sidegraph_filter_overloaded_total{${POD}}[$__rate_interval])`,
          '{{pod}} payload logs dropped': `rate(sidegraph_payload_log_dropped_total{${POD}}[$__rate_interval])`,
          '{{pod}} payload logs withheld': `rate(sidegraph_payload_log_withheld_total{${POD}}[$__rate_interval])`,
          '{{pod}} payload logs failed': `rate(sidegraph_payload_log_failed_total{${POD}}[$__rate_interval])`,
          '{{pod}} bugs': `rate(sidegraph_filter_faults_total{${POD}}[$__rate_interval])`,
        }),
      ],
    },
    {
      title: 'Plans',
      panels: [
        gauge(
          'Plans',
          'Which plans were taken over, and which were rejected?',
          'ops',
          { '{{pod}} {{result}}': `rate(sidegraph_sidecar_plans_total{${POD}}[$__rate_interval])` },
          'sidecar',
        ),
        gauge(
          'Rejected plan',
          'Is the mounted plan rejected?',
          'short',
          { '{{pod}} {{code}}': `sidegraph_sidecar_plan_refused{${POD}}` },
          'sidecar',
        ),
        gauge(
          'Restarts of the filter',
          'Did a filter die?',
          'short',
          {
            '{{pod}}': `increase(sidegraph_sidecar_filter_restarts_total{${POD}}[$__rate_interval])`,
          },
          'sidecar',
        ),
      ],
    },
    {
      title: 'Containers and GPUs (cAdvisor, DCGM exporter)',
      panels: [
        gauge(
          'Working set',
          'What do the containers take, as the kubelet counts it?',
          'bytes',
          {
            '{{pod}} {{container}}': `container_memory_working_set_bytes{${POD},container=~"sidegraph-.*"}`,
          },
          'other',
        ),
        gauge(
          'GPU utilization',
          'Are the models’ GPUs busy?',
          'percent',
          { '{{pod}} {{gpu}}': `DCGM_FI_DEV_GPU_UTIL{${POD}}` },
          'other',
        ),
        gauge(
          'GPU memory',
          'Are the models’ GPUs full?',
          'decmbytes',
          { '{{pod}} {{gpu}}': `DCGM_FI_DEV_FB_USED{${POD}}` },
          'other',
        ),
      ],
    },
  ],
};
