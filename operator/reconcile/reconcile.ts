// The decision: from a SeldonDeployment and everything that was observed to what is to be done and told. Pure and level-based:
// it asks what is, never what happened, so it may be called at any time, again, and after a crash in the middle of the effects.
import type { Finding } from '../../graph/manifest/finding.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { refOf } from '../../lib/kube/kinds.ts';
import { ANNOTATIONS } from '../../cluster/names.ts';
import { buildStatus } from '../status/build-status.ts';
import type { StatusView } from '../status/build-status.ts';
import type { ConditionType } from '../status/conditions.ts';
import { servesJoined } from '../status/predictors.ts';
import { tellTransitions } from '../status/transitions.ts';
import { renderWorkloads } from '../workloads/render-workloads.ts';
import type { Workloads } from '../workloads/workloads.ts';
import { checkObject } from '../observe/check-object.ts';
import { describeForeign, isOurs, ofKind, sortChildren } from '../observe/children.ts';
import type { Children } from '../observe/children.ts';
import { readClaim } from '../observe/claim.ts';
import type { Claim } from '../observe/claim.ts';
import type { Observed, Reconciled, ReconcileInput } from '../observe/contract.ts';
import { nameOf, NOTHING } from '../observe/contract.ts';
import {
  findFormer,
  findFormerStatus,
  hasFormer,
  hasOwnStatus,
  wasApplied,
} from '../observe/former.ts';
import type { Former } from '../observe/former.ts';
import { decideInjection } from '../observe/injection.ts';
import type { Injection } from '../observe/injection.ts';
import { comparePlans } from '../observe/pod-plans.ts';
import type { PodPlans } from '../observe/pod-plans.ts';
import { selectWrites } from './select-writes.ts';
import type { Writes } from './select-writes.ts';
import { describeContest, describeUndone, letGo, sayOnly } from './stand-back.ts';
import { tellClaim, tellUnannotated } from './stand-back.ts';
import { findSuperseded } from '../observe/superseded.ts';

/**
 * What is to be done where an object is another operator's, or where nobody has given it to us: nothing of it is read, so that one
 * that cannot be is no trouble of ours. Undefined where it is ours.
 */
export function leaveAlone(input: Observed): Reconciled | undefined {
  return leave(input, surveyOwners(input));
}

interface Survey {
  readonly claim: Claim;
  readonly children: Children;
  readonly former: Former;
  readonly injection: Injection;
}

function surveyOwners(input: Observed): Survey {
  const { object, config, namespaceAnnotations, nowMs } = input;
  const claim = readClaim(input);
  const children = sortChildren(input);
  const { ours } = children;
  const former = findFormer(ours, config.formerManagers, claim, nowMs);
  const { injectionAnnotation } = config;
  const isFormer = hasFormer(former);
  return {
    claim,
    children,
    former,
    injection: decideInjection(object, ours, namespaceAnnotations, injectionAnnotation, isFormer),
  };
}

function leave(
  input: Observed,
  { claim, children, former, injection }: Survey,
): Reconciled | undefined {
  if (input.object.metadata.deletionTimestamp !== undefined)
    return { ...NOTHING, isOurs: false, status: null };
  if (claim.holder === 'another') return letGo(input, []);
  if (claim.holder === 'us') return undefined;
  // Another operator's, whatever name its writes have.
  const isMadeElsewhere = ofKind(children.ours, 'Deployment').some((each) => !isMadeHere(each));
  if (hasFormer(former) || isMadeElsewhere) return letGo(input, [tellClaim(input)]);
  // Where neither label nor annotation gives it to us, it is not ours to speak of: another operator may be about to make its objects.
  if (injection.kind === 'off' && !children.ours.some(isMadeHere))
    return letGo(input, [tellUnannotated(input)]);
  return undefined;
}

export function reconcile(input: ReconcileInput): Reconciled {
  const { object, config, nowMs } = input;
  const survey = surveyOwners(input);
  const left = leave(input, survey);
  if (left !== undefined) return left;
  const { claim, children, former, injection } = survey;
  const checked = checkObject(object, input.loaded, input.rivals);
  const view: StatusView = {
    object,
    nowMs,
    clusterDomain: config.clusterDomain,
    findings: checked.kind === 'valid' ? checked.warnings : checked.findings,
    injection,
    workloads: null,
    ours: children.ours,
    pods: input.pods,
    plans: new Map(),
    foreign: [],
    rolling: [],
    contested: describeRival(input, claim, former),
    waiting: '',
    unexposed: describeNotes(input),
  };
  if (checked.kind === 'invalid' || injection.kind === 'off') {
    if (!hasFormer(former)) return finish(NOTHING, view);
    return standBack(input, claim, view, injection.kind === 'off' ? 'Injected' : 'GraphValid');
  }
  const workloads = renderWorkloads({
    deployment: checked.deployment,
    owner: ownerOf(object),
    injection: injection.kind === 'on',
    config,
    live: {
      deployments: ofKind(children.ours, 'Deployment'),
      horizontalPodAutoscalers: ofKind(children.ours, 'HorizontalPodAutoscaler'),
    },
  });
  if (view.contested !== '') return standBack(input, claim, { ...view, workloads }, 'TakenOver');
  if (former.waitMs > 0) return { ...NOTHING, status: null, requeueAfterMs: former.waitMs };
  const lookUp = workloads.objects
    .filter((each) => !children.all.has(nameOf(each)) && !input.absent.has(nameOf(each)))
    .map(refOf);
  if (lookUp.length > 0) return { ...NOTHING, lookUp, status: null };
  return pursue(input, survey, workloads, view);
}

/** Nothing is written but what this is about; where the other operator does not write the status, it is told in full. */
function standBack(
  input: ReconcileInput,
  claim: Claim,
  view: StatusView,
  about: ConditionType,
): Reconciled {
  const others = findFormerStatus(input.object, input.config.formerManagers);
  const requeueAfterMs = input.undone.length > 0 ? WAIT_FOR_OTHERS_MS : null;
  // Once the object names us, Seldon's operator has written its last status, however it was installed.
  const mayTakeStatus =
    about !== 'TakenOver' && claim.by === 'object' && !hasOwnStatus(input.object);
  if (others.length > 0 && !mayTakeStatus)
    return { ...NOTHING, ...sayOnly(input, buildStatus(view), about), requeueAfterMs };
  return finish({ ...NOTHING, takeOver: others, requeueAfterMs }, view);
}

/** Who else writes what is ours to write, in words; '' for nobody. */
function describeRival(input: ReconcileInput, claim: Claim, { contested }: Former): string {
  if (contested.length > 0) return describeContest(input, claim, contested);
  return input.undone.length > 0 ? describeUndone(input.undone) : '';
}

function isMadeHere(child: KubeObject): boolean {
  return wasApplied(child) || child.metadata.annotations?.[ANNOTATIONS.intent] !== undefined;
}

/** What brings the children from what they are to what was rendered. */
function pursue(
  input: ReconcileInput,
  { claim, children, former, injection }: Survey,
  workloads: Workloads,
  view: StatusView,
): Reconciled {
  const { object } = input;
  const isForeign = (each: KubeObject): boolean => {
    const live = children.all.get(nameOf(each));
    return live !== undefined && !isOurs(live, object);
  };
  const writes = selectWrites({
    workloads,
    injection,
    live: children.all,
    pods: input.pods,
    former,
    isForeign,
  });
  const plans = comparePods(input, workloads, writes);
  const superseded = findSuperseded({
    ...input,
    ours: children.ours,
    wanted: new Set(workloads.objects.map(nameOf)),
    isSettled: writes.isSettled && servesJoined(workloads.predictors, input.pods),
  });
  const pods = [...plans.values()];
  const requeue = pods.flatMap(({ requeueAfterMs }) => requeueAfterMs ?? []);
  if (superseded.waiting !== '' && writes.isSettled) requeue.push(WAIT_FOR_GATEWAYS_MS);
  const names = writes.foreign.map((name) => {
    const live = children.all.get(name);
    return live === undefined ? name : describeForeign(live);
  });
  if (names.length > 0) requeue.push(WAIT_FOR_OTHERS_MS);
  return finish(
    {
      ...NOTHING,
      takeOver:
        claim.holder === 'us'
          ? [...former.takeOver, ...findFormerStatus(object, input.config.formerManagers)]
          : [],
      transfers: workloads.transfers,
      remove: superseded.remove,
      apply: writes.apply,
      annotate: pods.flatMap(({ annotate }) => annotate),
      ask: pods.flatMap(({ ask }) => ask),
      requeueAfterMs: requeue.length === 0 ? null : Math.max(MIN_REQUEUE_MS, Math.min(...requeue)),
    },
    {
      ...view,
      findings: withoutTwins([...view.findings, ...workloads.warnings]),
      workloads,
      plans,
      foreign: names,
      rolling: writes.rolling,
      waiting: superseded.waiting,
    },
  );
}

/** What was told of the object when it was read is told again when it is rendered. */
function withoutTwins(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ code, path, message }) => {
    const id = `${code} ${path} ${message}`;
    return !seen.has(id) && seen.add(id);
  });
}

const MIN_REQUEUE_MS = 50;
/** Gateways write what they use; this is for a write that was missed. */
const WAIT_FOR_GATEWAYS_MS = 5000;
/** Objects of others are not watched. */
const WAIT_FOR_OTHERS_MS = 60_000;

function comparePods(
  { pods, livePlans, nowMs }: ReconcileInput,
  { predictors }: Workloads,
  { apply }: Writes,
): ReadonlyMap<string, PodPlans> {
  const changed = new Set(
    apply.filter(({ how }) => how === 'update').map((each) => nameOf(each.object)),
  );
  const compared = new Map<string, PodPlans>();
  for (const { name, planName, plan } of predictors) {
    if (planName === null) continue;
    const changesNow = changed.has(`ConfigMap/${planName}`);
    compared.set(name, comparePlans({ name, planName, plan, changesNow }, pods, livePlans, nowMs));
  }
  return compared;
}

/** Gateways that say the same say it once. */
function describeNotes({ gateways }: ReconcileInput): string {
  const notes = new Set(gateways.map(({ note = '' }) => note).filter((note) => note !== ''));
  return [...notes].sort().join('; ');
}

function finish(done: Omit<Reconciled, 'status'>, view: StatusView): Reconciled {
  const status = buildStatus(view);
  return { ...done, status: { ...status }, events: tellTransitions(view.object, status) };
}

function ownerOf({ apiVersion, kind, metadata }: KubeObject): {
  name: string;
  namespace: string;
  uid: string;
  apiVersion: string;
  kind: string;
} {
  const { name, namespace = '', uid = '' } = metadata;
  return { name, namespace, uid, apiVersion, kind };
}
