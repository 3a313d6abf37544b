// Which pods of a deployment can tell something, what the others are at, and what is to be known of them. Pure.
import { CONTAINERS, LABELS, SELDON_LABELS } from '../../cluster/names.ts';
import { labelValue } from '../../cluster/object-names.ts';
import { numberOf, objectOf, objectsOf, textOf } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { PodEntry } from '../../sidecar/live/sample.ts';
import type { GraphShape } from '../../sidecar/live/shape.ts';
import type { LiveNote } from '../../sidecar/live/state.ts';
import { type LiveNoteCode, note, podsNote } from './notes.ts';
import type { PodStatus } from './pod-streams.ts';

/** A predictor as the SeldonDeployment's status says it, or else its spec. */
export interface PredictorTraffic {
  readonly name: string;
  readonly percent: number;
  readonly shadow: boolean;
}

export function trafficOf(object: KubeObject | undefined): readonly PredictorTraffic[] {
  const written = objectsOf(objectOf(object?.['spec'])['predictors']);
  const judged = objectsOf(objectOf(object?.['status'])['predictors']);
  return written.map((predictor) => {
    const name = textOf(predictor['name']);
    const status = judged.find((each) => each['name'] === name);
    const alone = written.length === 1 ? 100 : 0;
    return {
      name,
      percent: numberOf(status?.['traffic'] ?? predictor['traffic'] ?? alone),
      shadow: status?.['shadow'] === true || predictor['shadow'] === true,
    };
  });
}

/** A pod knows its own predictor alone; its share is the deployment's. */
export function withTraffic(shape: GraphShape, traffic: readonly PredictorTraffic[]): GraphShape {
  return {
    ...shape,
    predictors: shape.predictors.map((predictor) => {
      const { percent, shadow } = traffic.find(({ name }) => name === predictor.name) ?? predictor;
      return { ...predictor, percent, shadow };
    }),
  };
}

export function hasSidecars(pod: KubeObject): boolean {
  return pod.metadata.labels?.[LABELS.injected] === 'true';
}

/** Whether its agent has been started. */
export function canTell(pod: KubeObject): boolean {
  const status = objectOf(pod['status']);
  const containers = [
    ...objectsOf(status['initContainerStatuses']),
    ...objectsOf(status['containerStatuses']),
  ];
  return (
    hasSidecars(pod) &&
    textOf(status['phase']) === 'Running' &&
    containers.some((each) => each['name'] === CONTAINERS.filter && each['started'] === true)
  );
}

export function predictorOf(pod: KubeObject, traffic: readonly PredictorTraffic[]): string {
  const label = pod.metadata.labels?.[LABELS.predictor] ?? '';
  return traffic.find(({ name }) => labelValue(name) === label)?.name ?? label;
}

/** At most `max` of them, in turn of their groups, so that no group is left out whole. */
export function spread<T>(items: readonly T[], groupOf: (item: T) => string, max: number): T[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(groupOf(item));
    if (group === undefined) groups.set(groupOf(item), [item]);
    else group.push(item);
  }
  const chosen: T[] = [];
  for (let turn = 0; chosen.length < Math.min(max, items.length); turn++)
    for (const group of groups.values())
      if (turn < group.length) chosen.push(...group.slice(turn, turn + 1));
  return chosen.slice(0, max);
}

export interface WatchedPods {
  readonly entries: readonly PodEntry[];
  readonly notes: readonly LiveNote[];
}

/** `statusOf`: what the connection to a pod is at; undefined where there is none. */
export function describeWatched(
  pods: readonly KubeObject[],
  traffic: readonly PredictorTraffic[],
  statusOf: (pod: string) => PodStatus | undefined,
  namespace: string,
): WatchedPods {
  const entries: PodEntry[] = [];
  const faults = new Map<LiveNoteCode, { readonly pods: string[]; readonly why: string }>();
  const bare = new Map<string, string[]>();
  const entered = new Set<string>();
  let leftOut = 0;
  for (const pod of pods) {
    const { name, labels } = pod.metadata;
    if (labels?.[SELDON_LABELS.explainer] !== undefined) continue;
    const predictor = predictorOf(pod, traffic);
    if (!hasSidecars(pod)) {
      bare.set(predictor, [...(bare.get(predictor) ?? []), name]);
      continue;
    }
    entered.add(predictor);
    const status = statusOf(name);
    if (status === undefined && canTell(pod)) leftOut++;
    const why = canTell(pod) ? 'not watched' : 'its sidecars have not started';
    const { state, code, ...rest } = status ?? { state: 'silent', why, code: undefined };
    entries.push({ name, predictor, state, why: rest.why });
    if (code === undefined) continue;
    const fault = faults.get(code) ?? { pods: [], why: rest.why };
    fault.pods.push(name);
    faults.set(code, fault);
  }
  const notes: LiveNote[] = [];
  // A predictor may have pods without sidecars beside those that requests enter through.
  for (const [predictor, names] of bare) {
    if (entered.has(predictor)) continue;
    for (const name of names)
      entries.push({ name, predictor, state: 'silent', why: 'it has no sidecars' });
    notes.push(
      note(
        'NOT_INJECTED',
        `the pods of predictor ${predictor} have no sidecars, so nothing is known of its requests`,
        `kubectl annotate namespace ${namespace} sidegraph.io/injection=enabled; with seldon.io/no-engine there are none on purpose`,
      ),
    );
  }
  for (const [code, fault] of faults) notes.push(podsNote(code, fault.pods, fault.why, namespace));
  if (leftOut > 0)
    notes.push(
      note(
        'PODS_LEFT_OUT',
        `${leftOut} of ${entries.length} pods are not watched, and their requests are not in the sums`,
        'the metrics have all of them: docs/metrics.md',
      ),
    );
  return { entries, notes };
}
