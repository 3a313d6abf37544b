// Reads from a stored SeldonDeployment what the gateway needs. Tolerant on purpose: the operator tells what is wrong with
// a deployment; here a setting that cannot be used is left out with a note, and everything else serves.
import { LIMITS } from '../../graph/plan/limits.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { GATEWAY_ANNOTATIONS, SELDON_ANNOTATIONS } from '../../cluster/names.ts';
import { explainerName, serviceLabel } from '../../cluster/object-names.ts';
import { quote, readBreakers, readHeaders, readHosts, readRetries } from './read-annotations.ts';
import type { Note } from '../../cluster/acknowledge.ts';
import type { ServedDeployment, ServedPredictor } from './served.ts';

/** What the pod itself needs to end a request that is over its deadline, ms: the pod's answer says more than ours. */
const GRACE_MS = 1000;
/** Explainers ask the model many times; Seldon has no bound for them, we have the default one. */
const EXPLAINER_DEADLINE_MS = 300_000;
const PATH_SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const MAX_SEGMENT = 253;

export interface ReadDeployment {
  /** Null when it is not exposed, is going away or names no predictor. */
  readonly served: ServedDeployment | null;
  readonly notes: readonly Note[];
}

export function readServed(object: KubeObject): ReadDeployment {
  const { metadata } = object;
  const spec = record(object.spec);
  const annotations = { ...strings(metadata.annotations), ...strings(spec.annotations) };
  const notes: Note[] = [];
  const written = list(spec.predictors).map(record);
  const none = { served: null, notes };
  if (metadata.deletionTimestamp !== undefined || written.length === 0) return none;
  const expose = annotations[GATEWAY_ANNOTATIONS.expose] ?? 'gateway';
  if (expose !== 'gateway') {
    if (expose !== 'none')
      notes.push({
        path: GATEWAY_ANNOTATIONS.expose,
        message: `'${quote(expose)}' is neither gateway nor none; not exposed`,
      });
    return none;
  }
  const predictors = readPredictors(metadata.name, written, annotations, notes);
  const served: ServedDeployment = {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    createdAt: metadata.creationTimestamp ?? '',
    publicName: readPublicName(annotations, notes) ?? metadata.name,
    hosts: readHosts(annotations, notes),
    headers: readHeaders(annotations, notes),
    retries: readRetries(annotations, notes),
    longestRequestMs: readDeadline(annotations, written) + GRACE_MS,
    breakers: readBreakers(annotations, notes),
    predictors,
  };
  return { served, notes };
}

function readPredictors(
  deployment: string,
  written: readonly Fields[],
  annotations: Readonly<Record<string, string>>,
  notes: Note[],
): ServedPredictor[] {
  const serving = written.filter((each) => each.shadow !== true);
  const isUnshared = serving.every((each) => numberOf(each.traffic) === 0);
  return written.flatMap((each) => {
    const name = typeof each.name === 'string' ? each.name : '';
    if (name === '') return [];
    const own = { ...annotations, ...strings(each.annotations) };
    const ownService = strings(each.annotations)[SELDON_ANNOTATIONS.serviceName] ?? '';
    const shadow = each.shadow === true;
    const traffic = Math.min(Math.max(numberOf(each.traffic), 0), 100);
    const explainer = record(each.explainer).type;
    const isExplained = typeof explainer === 'string' && explainer !== '';
    // Its name is a part of the explainer's path.
    const isPathSegment = name.length <= MAX_SEGMENT && PATH_SEGMENT.test(name);
    if (isExplained && !isPathSegment)
      notes.push({
        path: 'spec.predictors[].name',
        message: `'${quote(name)}' is no part of a path; its explainer is not served`,
      });
    return [
      {
        name,
        service: serviceLabel(ownService === '' ? `${deployment}-${name}` : ownService),
        // A shadow without a share copies all; where nobody named a share, the first takes all.
        traffic: traffic === 0 && (shadow || (isUnshared && each === serving[0])) ? 100 : traffic,
        shadow,
        explainerService: isExplained && isPathSegment ? explainerName(deployment, name) : null,
        isBare: own[SELDON_ANNOTATIONS.noEngine]?.toLowerCase() === 'true',
      },
    ];
  });
}

/** The longest deadline of the predictors: a request of any of them may last that long. */
function readDeadline(
  annotations: Readonly<Record<string, string>>,
  written: readonly Fields[],
): number {
  const { annotation, default: byDefault, min, max } = LIMITS.deadlineMs;
  const values = written.map((each) => {
    const text = strings(each.annotations)[annotation] ?? annotations[annotation];
    const value = text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : byDefault;
    return Math.min(Math.max(value, min), max);
  });
  const explained = written.some((each) => each.explainer !== undefined);
  return Math.max(...values, explained ? EXPLAINER_DEADLINE_MS : 0);
}

function readPublicName(
  annotations: Readonly<Record<string, string>>,
  notes: Note[],
): string | undefined {
  const path = 'seldon.io/ambassador-service-name';
  const name = annotations[path];
  if (name === undefined) return undefined;
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) return name;
  notes.push({ path, message: `'${quote(name)}' is no name of a deployment; left out` });
  return undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) ? value : 0;
}

function strings(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(record(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
