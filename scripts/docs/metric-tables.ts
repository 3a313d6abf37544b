// The tables of docs/metrics.md, from the code that counts: every family with its type, labels and meaning.
import { FEEDBACK_FAMILIES } from '../../extproc/metrics/feedback-families.ts';
import { LEARNED_FAMILIES } from '../../extproc/metrics/learned-families.ts';
import { processFamilies } from '../../extproc/metrics/process-gauges.ts';
import { SINK_FAMILIES } from '../../extproc/metrics/sink-families.ts';
import { describeSeldonFamilies } from '../../extproc/metrics/seldon-families.ts';
import { describeRequestMetrics } from '../../gateway/process/request-metrics.ts';
import { registerGatewayMetrics } from '../../gateway/process/metrics.ts';
import { registerKubeMetrics } from '../../lib/kube/metrics.ts';
import { type MetricFamily, Registry } from '../../lib/kube/registry.ts';
import { registerReviewMetrics } from '../../operator/admission/run.ts';
import { registerDeploymentStates } from '../../operator/process/operator.ts';
import { registerSidecarMetrics } from '../../sidecar/agent/metrics.ts';
import { table } from './markdown.ts';

export function graphMetrics(): string {
  return familyTable(describeSeldonFamilies());
}

export function feedbackMetrics(): string {
  return familyTable([...FEEDBACK_FAMILIES, ...LEARNED_FAMILIES]);
}

export function filterMetrics(): string {
  const processes = processFamilies([]).map((family) => ({ ...family, labels: [] }));
  return familyTable([...processes, ...SINK_FAMILIES]);
}

export function sidecarMetrics(): string {
  return familyTable(registered(registerSidecarMetrics));
}

export function operatorMetrics(): string {
  return familyTable(
    registered((registry) => {
      registerDeploymentStates(registry);
      registerKubeMetrics(registry);
    }),
  );
}

export function admissionMetrics(): string {
  return familyTable(registered(registerReviewMetrics));
}

export function gatewayMetrics(): string {
  const server = { connected: 0, refusals: [] };
  return familyTable(
    registered((registry) => void registerGatewayMetrics(registry, server, () => 0)),
  );
}

export function gatewayRequestMetrics(): string {
  return familyTable(describeRequestMetrics());
}

function registered(register: (registry: Registry) => unknown): readonly MetricFamily[] {
  const registry = new Registry();
  register(registry);
  return registry.families();
}

function familyTable(
  families: readonly (Omit<MetricFamily, 'type'> & { readonly type: string })[],
): string {
  return table(
    ['metric', 'type', 'labels', 'what it is'],
    families.map(({ name, type, labels, help }) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]),
  );
}
