// Renders `kedaSpec` as a ScaledObject of KEDA: which makes an autoscaler of its own for the Deployment and owns its replicas.
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { Labels } from './labels.ts';
import { renameReferences } from './render-container.ts';

/** Those of Seldon's `kedaSpec`, which are KEDA's own. */
const FIELDS = [
  'advanced',
  'cooldownPeriod',
  'fallback',
  'idleReplicaCount',
  'maxReplicaCount',
  'minReplicaCount',
  'pollingInterval',
  'triggers',
] as const;

/** `containers`: names in the pod by the names that were written. */
export function renderScaledObject(
  spec: JsonObject,
  deployment: string,
  labels: Labels,
  containers: ReadonlyMap<string, string>,
): KubeObject {
  const own = FIELDS.flatMap((name) =>
    spec[name] === undefined || spec[name] === null ? [] : [[name, spec[name]] as const],
  );
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: deployment, labels },
    spec: {
      ...(renameReferences(Object.fromEntries(own), containers) as JsonObject),
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: deployment },
    },
  };
}

/** The fewest pods that KEDA keeps: its own default is none. */
export function scaledMin(spec: JsonObject | undefined): number | undefined {
  if (spec === undefined) return undefined;
  const { minReplicaCount } = spec;
  return typeof minReplicaCount === 'number' && Number.isInteger(minReplicaCount)
    ? minReplicaCount
    : 0;
}
