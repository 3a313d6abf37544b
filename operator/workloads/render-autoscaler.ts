// Renders `hpaSpec` as an autoscaling/v2 object. `metrics` have the shape of v2beta1, which the API server no longer knows, and
// are converted; `metricsv2` are passed on.
import { isPlainObject } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { Labels } from './labels.ts';
import { renameReferences } from './render-container.ts';
import { integerAt, objectAt, objectsAt, textAt } from '../../graph/plan/json-value.ts';

/** `containers`: names in the pod by the names that were written. */
export function renderAutoscaler(
  spec: JsonObject,
  deployment: string,
  labels: Labels,
  containers: ReadonlyMap<string, string>,
): KubeObject {
  const old = objectsAt(spec, 'metrics').map(convertMetric);
  const metrics = (old.length > 0 ? old : objectsAt(spec, 'metricsv2')).map((metric) =>
    renameContainer(metric, containers),
  );
  const minReplicas = integerAt(spec, 'minReplicas');
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: deployment, labels },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: deployment },
      ...(minReplicas === undefined ? {} : { minReplicas }),
      maxReplicas: integerAt(spec, 'maxReplicas') ?? minReplicas ?? 1,
      ...(metrics.length > 0 ? { metrics } : {}),
    },
  };
}

export function autoscalerMin(spec: JsonObject | undefined): number | undefined {
  return spec === undefined ? undefined : (integerAt(spec, 'minReplicas') ?? 1);
}

/** One metric of autoscaling/v2beta1 as one of v2; one that has v2's shape stays. */
function convertMetric(metric: JsonObject): JsonObject {
  const type = textAt(metric, 'type');
  switch (type) {
    case 'Resource':
      return { type, resource: convertResource(objectAt(metric, 'resource')) };
    case 'ContainerResource':
      return { type, containerResource: convertResource(objectAt(metric, 'containerResource')) };
    case 'Pods': {
      const pods = objectAt(metric, 'pods');
      if (isPlainObject(pods['target'])) return metric;
      return { type, pods: { metric: metricOf(pods, 'selector'), target: targetOf(pods) } };
    }
    case 'External': {
      const external = objectAt(metric, 'external');
      if (isPlainObject(external['target'])) return metric;
      const own = metricOf(external, 'metricSelector');
      return { type, external: { metric: own, target: targetOf(external) } };
    }
    case 'Object': {
      const object = objectAt(metric, 'object');
      // In v2beta1 `target` is the object that is described.
      if (isPlainObject(object['describedObject'])) return metric;
      return {
        type,
        object: {
          describedObject: objectAt(object, 'target'),
          metric: metricOf(object, 'selector'),
          target: targetOf(object),
        },
      };
    }
    default:
      return metric;
  }
}

function convertResource(resource: JsonObject): JsonObject {
  if (isPlainObject(resource['target'])) return resource;
  const { targetAverageUtilization: _, targetAverageValue: __, ...rest } = resource;
  return { ...rest, target: targetOf(resource) };
}

function metricOf(source: JsonObject, selectorField: string): JsonObject {
  const selector = source[selectorField];
  return {
    name: textAt(source, 'metricName'),
    ...(isPlainObject(selector) ? { selector } : {}),
  };
}

function targetOf(source: JsonObject): JsonObject {
  const utilization = integerAt(source, 'targetAverageUtilization');
  if (utilization !== undefined) return { type: 'Utilization', averageUtilization: utilization };
  const average = source['targetAverageValue'] ?? source['averageValue'];
  if (average !== undefined && average !== null)
    return { type: 'AverageValue', averageValue: average };
  return { type: 'Value', value: source['targetValue'] ?? '0' };
}

function renameContainer(metric: JsonObject, containers: ReadonlyMap<string, string>): JsonObject {
  const resource = metric['containerResource'];
  if (!isPlainObject(resource)) return metric;
  const container = textAt(resource, 'container');
  const renamed = { ...resource, container: containers.get(container) ?? container };
  return { ...metric, containerResource: renameReferences(renamed, containers) };
}
