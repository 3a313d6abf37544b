// Renders `pdbSpec`: how many pods of a Deployment may be evicted at once.
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { Labels } from './labels.ts';

export function renderBudget(
  spec: JsonObject,
  deployment: string,
  labels: Labels,
  selector: Labels,
): KubeObject {
  const { minAvailable, maxUnavailable } = spec;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: deployment, labels },
    spec: {
      ...(isIntOrText(minAvailable) ? { minAvailable } : {}),
      ...(isIntOrText(maxUnavailable) ? { maxUnavailable } : {}),
      selector: { matchLabels: selector },
    },
  };
}

function isIntOrText(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && value !== '');
}
