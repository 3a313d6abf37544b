// From objects of the API server to the state of one deployment. Pure: what a status does not say is not guessed.
import type { KubeObject } from '../../../lib/kube/object.ts';
import {
  ANNOTATIONS,
  INJECTION_ANNOTATION,
  INJECTION_ENABLED,
  LABELS,
} from '../../../cluster/names.ts';
import { numberOf, objectOf, objectsOf, textOf } from '../../../graph/plan/json-value.ts';
import type { JsonObject } from '../../../graph/plan/json-value.ts';
import { conditionsOf, specOf, statusOf } from '../../../operator/observe/fields.ts';
import { isReady } from '../../../operator/observe/joined-pods.ts';
import { describePods } from '../../../operator/status/describe-pods.ts';
import { labelValue } from '../../../cluster/object-names.ts';
import type {
  DeploymentState,
  StateNote,
  PodPlan,
  PodState,
  PredictorState,
} from './cluster-state.ts';

/** What a pod's status port said. */
export interface PodResponse {
  readonly hash: string | undefined;
  readonly refused: string;
}

export interface ObservedDeployment {
  readonly object: KubeObject;
  /** Those of the deployment. */
  readonly pods: readonly KubeObject[];
  /** By name; a pod that could not be asked is not here. */
  readonly responses: ReadonlyMap<string, PodResponse>;
  /** Of its namespace; undefined where they may not be read. */
  readonly namespaceAnnotations: Readonly<Record<string, string>> | undefined;
}

export function readState(observed: ObservedDeployment): DeploymentState {
  const { object } = observed;
  const status = statusOf(object);
  const state = textOf(status['state']);
  const isCurrent = numberOf(status['observedGeneration']) >= (object.metadata.generation ?? 0);
  const url = textOf(objectOf(status['address'])['url']);
  return {
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    state: state === '' ? 'Unknown' : state,
    isCurrent: state !== '' && (isCurrent || isOthers(status)),
    url: url === '' ? null : url,
    predictors: readPredictors(observed),
    notes: readNotes(observed, state, isCurrent),
  };
}

/** Ours says of which generation it is; Seldon's operator does not. */
function isOthers(status: JsonObject): boolean {
  return textOf(status['state']) !== '' && status['observedGeneration'] === undefined;
}

/** What a status of another operator tells of a predictor, whose Deployments have its name in theirs. */
function readOthers(object: KubeObject, { name, traffic }: JsonObject, count: number): JsonObject {
  const status = statusOf(object);
  const prefix = `${object.metadata.name}-${textOf(name)}-`;
  const serves = Object.entries(objectOf(status['deploymentStatus'])).some(
    ([deployment, entry]) =>
      deployment.startsWith(prefix) && numberOf(objectOf(entry)['availableReplicas']) > 0,
  );
  const ready = serves || textOf(status['state']) === 'Available';
  return { name, ready, traffic: traffic ?? (count === 1 ? 100 : 0) };
}

/** Those of the status; before there is one, those of the spec. */
function readPredictors(observed: ObservedDeployment): readonly PredictorState[] {
  const { object } = observed;
  const written = objectsOf(specOf(object)['predictors']);
  const entries = objectsOf(statusOf(object)['predictors']);
  const isForeign = isOthers(statusOf(object));
  const shown =
    entries.length > 0
      ? entries
      : written.map(
          (each): JsonObject =>
            isForeign ? readOthers(object, each, written.length) : { name: each['name'] },
        );
  return shown.map((entry) => {
    const name = textOf(entry['name']);
    const own = observed.pods
      .filter((pod) => pod.metadata.labels?.[LABELS.predictor] === labelValue(name))
      .toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
    const spec = written.find((each) => each['name'] === name);
    const plan = textOf(entry['plan']);
    return {
      name,
      ready: entry['ready'] === true,
      traffic: numberOf(entry['traffic']),
      shadow: entry['shadow'] === true || spec?.['shadow'] === true,
      plan: plan === '' ? null : plan,
      message: textOf(entry['message']),
      pods: own.map((pod) => readPod(pod, observed.responses.get(pod.metadata.name))),
    };
  });
}

function readPod(pod: KubeObject, response: PodResponse | undefined): PodState {
  const isEnding = pod.metadata.deletionTimestamp !== undefined;
  return {
    name: pod.metadata.name,
    ready: isReady(pod) && !isEnding,
    plan: readPlan(pod, response),
    refused: response?.refused ?? '',
    message: isEnding ? 'is ending' : describePods([pod]).replace(/^1 of 1 pods: /, ''),
  };
}

function readPlan(pod: KubeObject, response: PodResponse | undefined): PodPlan | null {
  if (!hasSidecar(pod)) return null;
  const served = response?.hash;
  if (served !== undefined) return { hash: served, from: 'pod' };
  const asked = pod.metadata.annotations?.[ANNOTATIONS.planHash];
  return asked === undefined ? null : { hash: asked, from: 'operator' };
}

export function hasSidecar(pod: KubeObject): boolean {
  return pod.metadata.labels?.[LABELS.injected] === 'true';
}

function readNotes(
  observed: ObservedDeployment,
  state: string,
  isCurrent: boolean,
): readonly StateNote[] {
  const { object, namespaceAnnotations } = observed;
  if (state === '') return [unseen(object, namespaceAnnotations)];
  const notes: StateNote[] = [];
  if (isOthers(statusOf(object)))
    notes.push({
      severity: 'info',
      about: 'Operator',
      message: 'another operator serves it (docs/migrate.md says how to take it over)',
    });
  else if (!isCurrent)
    notes.push({
      severity: 'warning',
      about: 'Current',
      message: 'the operator has not looked at the last edit yet',
    });
  const conditions = conditionsOf(object);
  for (const { type, status, message, reason } of conditions) {
    // Ready says what the others say, the gravest first: it is shown where it is alone.
    if (type === 'Ready') continue;
    const severity = severityOf(object, type, status);
    if (severity === undefined || (severity === 'info' && message === '')) continue;
    notes.push({ severity, about: type, message: message || reason });
  }
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True' && notes.every(({ severity }) => severity !== 'error'))
    notes.unshift({
      severity: 'error',
      about: 'Ready',
      message: ready?.message || textOf(statusOf(object)['description']) || 'it is not ready',
    });
  return notes;
}

/** Undefined for what is not worth a line. */
function severityOf(
  object: KubeObject,
  type: string,
  status: string,
): StateNote['severity'] | undefined {
  if (status === 'True') return 'info';
  const written = objectsOf(statusOf(object)['conditions']).find((each) => each['type'] === type);
  switch (textOf(written?.['severity'])) {
    case 'Info':
      return 'info';
    case 'Warning':
      return 'warning';
    default:
      return 'error';
  }
}

function unseen(
  object: KubeObject,
  annotations: Readonly<Record<string, string>> | undefined,
): StateNote {
  const { namespace = '' } = object.metadata;
  if (annotations !== undefined && annotations[INJECTION_ANNOTATION] !== INJECTION_ENABLED)
    return {
      severity: 'error',
      about: 'Injected',
      message: `the namespace is not annotated: kubectl annotate namespace ${namespace} ${INJECTION_ANNOTATION}=${INJECTION_ENABLED}`,
    };
  return {
    severity: 'error',
    about: 'Operator',
    message: 'the operator has not looked at it yet: is it running?',
  };
}
