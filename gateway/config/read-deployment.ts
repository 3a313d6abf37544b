// Reads from a stored SeldonDeployment what the gateway needs. Tolerant on purpose: the operator tells what is wrong with
// a deployment; here a setting that cannot be used is left out with a note, and everything else serves.
import { dialectOf } from '../../dialects/known/dialects.ts';
import { parseProtocol } from '../../graph/plan/words.ts';
import { LIMITS, MANIFEST_LIMITS } from '../../graph/plan/limits.ts';
import { listStoredUnits, readStored } from '../../graph/seldon/read-stored.ts';
import type { StoredPredictor } from '../../graph/seldon/read-stored.ts';
import { findBuiltIn } from '../../graph/built-ins/table.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { explainerName, serviceLabel } from '../../cluster/object-names.ts';
import { quote, readBreakers, readHeaders, readHosts, readRetries } from './read-annotations.ts';
import type { Note } from '../../cluster/acknowledge.ts';
import type { ServedDeployment, ServedPredictor } from './served.ts';
import {
  EXPOSURE_ANNOTATIONS,
  SELDON_ANNOTATIONS,
  INGRESS_ANNOTATIONS,
} from '../../graph/seldon/annotation-names.ts';

/** What the pod itself needs to end a request that is over its deadline, ms: the pod's response says more than ours. */
const GRACE_MS = 1000;
/** Explainers ask the model many times; Seldon has no bound for them, we have the default one. */
const EXPLAINER_DEADLINE_MS = 300_000;
const PATH_SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const MAX_SEGMENT = 253;

type Annotations = Readonly<Record<string, string>>;

export interface ReadDeployment {
  /** Undefined when it is not exposed, is going away or names no predictor. */
  readonly served: ServedDeployment | undefined;
  readonly notes: readonly Note[];
}

export function readServed(object: KubeObject): ReadDeployment {
  const { metadata } = object;
  const written = readStored(object);
  const notes: Note[] = [];
  const none = { served: undefined, notes };
  if (metadata.deletionTimestamp !== undefined || written === undefined) return none;
  if (written.predictors.length === 0) return none;
  const [path] = written.tooLong;
  if (path !== undefined) {
    // Without what they narrow it to, it would be served more widely than was meant.
    const message = `${path} have over ${MANIFEST_LIMITS.maxAnnotationsLength} characters; not exposed`;
    notes.push({ path, message });
    return none;
  }
  const annotations = { ...written.metadataAnnotations, ...written.annotations };
  const expose = annotations[EXPOSURE_ANNOTATIONS.expose] ?? 'gateway';
  if (expose !== 'gateway') {
    if (expose !== 'none')
      notes.push({
        path: EXPOSURE_ANNOTATIONS.expose,
        message: `'${quote(expose)}' is neither gateway nor none; not exposed`,
      });
    return none;
  }
  // A protocol that does not exist is the operator's to tell.
  const dialect = parseProtocol(written.protocol) ?? 'seldon';
  const predictors = readPredictors(
    metadata.name,
    written.predictors,
    annotations,
    dialectOf(dialect).takesFeedback,
    notes,
  );
  const served: ServedDeployment = {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    createdAt: metadata.creationTimestamp ?? '',
    publicName: readPublicName(annotations, notes) ?? metadata.name,
    hosts: readHosts(annotations, notes),
    headers: readHeaders(annotations, notes),
    retries: readRetries(annotations, notes),
    dialect,
    longestRequestMs: readDeadline(annotations, written.predictors) + GRACE_MS,
    breakers: readBreakers(annotations, notes),
    predictors,
  };
  return { served, notes };
}

function readPredictors(
  deployment: string,
  written: readonly StoredPredictor[],
  annotations: Annotations,
  takesFeedback: boolean,
  notes: Note[],
): ServedPredictor[] {
  const serving = written.filter(({ shadow }) => !shadow);
  const isUnshared = serving.every(({ traffic = 0 }) => traffic === 0);
  return written.flatMap((each) => {
    const { name, shadow, explainer } = each;
    if (name === '') return [];
    const ownService = each.annotations[SELDON_ANNOTATIONS.serviceName] ?? '';
    const traffic = Math.min(Math.max(each.traffic ?? 0, 0), 100);
    const noEngine =
      each.annotations[SELDON_ANNOTATIONS.noEngine] ?? annotations[SELDON_ANNOTATIONS.noEngine];
    const isBare = noEngine?.toLowerCase() === 'true';
    // Its name is a part of the explainer's path.
    const isPathSegment = name.length <= MAX_SEGMENT && PATH_SEGMENT.test(name);
    if (explainer !== undefined && !isPathSegment)
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
        explainerService:
          explainer !== undefined && isPathSegment ? explainerName(deployment, name) : null,
        isBare,
        // The pod judges by its plan; where it remembers none it says so.
        remembers: takesFeedback && !shadow && !isBare && isPathSegment && decides(each),
        // Without an engine clients meet the unit itself, which is on its own.
        isEncrypted: each.certificate !== '' && !isBare,
      },
    ];
  });
}

/** Whether any unit chooses among its children, asked or built in. */
function decides(predictor: StoredPredictor): boolean {
  return listStoredUnits(predictor).some(
    ({ type, implementation, methods }) =>
      type === 'ROUTER' ||
      methods.includes('ROUTE') ||
      findBuiltIn(implementation)?.policy !== undefined,
  );
}

/** The longest deadline of the predictors: a request of any of them may last that long. */
function readDeadline(annotations: Annotations, written: readonly StoredPredictor[]): number {
  const { annotation, default: byDefault, min, max } = LIMITS.deadlineMs;
  const values = written.map((each) => {
    const text = each.annotations[annotation] ?? annotations[annotation];
    const value = text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : byDefault;
    return Math.min(Math.max(value, min), max);
  });
  const isExplained = written.some(({ explainer }) => explainer !== undefined);
  return Math.max(...values, isExplained ? EXPLAINER_DEADLINE_MS : 0);
}

function readPublicName(annotations: Annotations, notes: Note[]): string | undefined {
  const path = INGRESS_ANNOTATIONS.ambassadorServiceName;
  const name = annotations[path];
  if (name === undefined) return undefined;
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) return name;
  notes.push({ path, message: `'${quote(name)}' is no name of a deployment; left out` });
  return undefined;
}
