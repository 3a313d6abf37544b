// The decision: from a SeldonDeployment and everything that was observed to what is to be done and told. Pure and level-based:
// it asks what is, never what happened, so it may be called at any time, again, and after a crash in the middle of the effects.
import type { Finding } from '../../graph/manifest/finding.ts';
import type { ObjectRef } from '../../lib/kube/kinds.ts';
import { refOf } from '../../lib/kube/kinds.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { checkObject } from '../observe/check-object.ts';
import type { CheckedObject } from '../observe/check-object.ts';
import { ofKind } from '../observe/children.ts';
import type { Reconciled, ReconcileInput } from '../observe/contract.ts';
import { kindAndName, NOTHING } from '../observe/contract.ts';
import { findFormerStatus, hasFormer } from '../observe/former.ts';
import { surveyOwners } from '../observe/survey.ts';
import type { Survey } from '../observe/survey.ts';
import { buildStatus } from '../status/build-status.ts';
import type { StatusView } from '../status/build-status.ts';
import type { ConditionType } from '../status/conditions.ts';
import { tellTransitions } from '../status/transitions.ts';
import { renderWorkloads } from '../workloads/render-workloads.ts';
import type { Workloads } from '../workloads/workloads.ts';
import { compare } from './compare.ts';
import type { Compared } from './compare.ts';
import { leaveAlone } from './leave-alone.ts';
import { describeRival, standBack, WAIT_FOR_OTHERS_MS } from './stand-back.ts';

const MIN_REQUEUE_MS = 50;
/** Gateways write what they use; this is for a write that was missed. */
const WAIT_FOR_GATEWAYS_MS = 5000;

/** `survey` is that of this input, where whoever asks has made it already. */
export function reconcile(input: ReconcileInput, survey: Survey = surveyOwners(input)): Reconciled {
  const left = leaveAlone(input, survey);
  if (left !== undefined) return left;
  const checked = checkObject(input.object, input.loaded, input.rivals);
  const workloads = render(input, survey, checked);
  const rival = describeRival(input, survey);
  const course = chooseCourse(input, survey, workloads, rival);
  if (course.kind === 'wait')
    return { ...NOTHING, status: undefined, requeueAfterMs: survey.former.waitMs };
  if (course.kind === 'look-up') return { ...NOTHING, lookUp: course.refs, status: undefined };
  const compared = course.kind === 'pursue' ? compare(input, survey, course.workloads) : undefined;
  const status = buildStatus(viewOf(input, survey, checked, workloads, compared, rival));
  if (course.kind === 'stand-back') return standBack(input, survey, status, course.about);
  return {
    ...(course.kind === 'pursue' && compared !== undefined
      ? writesOf(input, survey, course.workloads, compared)
      : NOTHING),
    status: { ...status },
    events: tellTransitions(input.object, status),
  };
}

/** Undefined where nothing can be rendered: an invalid graph, a namespace that is not annotated. */
function render(
  { object, config }: ReconcileInput,
  { children, injection }: Survey,
  checked: CheckedObject,
): Workloads | undefined {
  if (checked.kind === 'invalid' || injection.kind === 'off') return undefined;
  return renderWorkloads({
    deployment: checked.deployment,
    owner: ownerOf(object),
    injection: injection.kind === 'on',
    config,
    live: {
      deployments: ofKind(children.ours, 'Deployment'),
      horizontalPodAutoscalers: ofKind(children.ours, 'HorizontalPodAutoscaler'),
    },
  });
}

type Course =
  /** Nothing is to be done but to tell. */
  | { readonly kind: 'rest' }
  /** Nothing is written but what this is about. */
  | { readonly kind: 'stand-back'; readonly about: ConditionType }
  /** Until the former operator has been quiet for long enough. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'look-up'; readonly refs: readonly ObjectRef[] }
  | { readonly kind: 'pursue'; readonly workloads: Workloads };

function chooseCourse(
  { absent }: ReconcileInput,
  { children, former, injection }: Survey,
  workloads: Workloads | undefined,
  rival: string,
): Course {
  if (workloads === undefined) {
    if (!hasFormer(former)) return { kind: 'rest' };
    return { kind: 'stand-back', about: injection.kind === 'off' ? 'Injected' : 'GraphValid' };
  }
  if (rival !== '') return { kind: 'stand-back', about: 'TakenOver' };
  if (former.waitMs > 0) return { kind: 'wait' };
  const refs = workloads.objects
    .filter((each) => !children.all.has(kindAndName(each)) && !absent.has(kindAndName(each)))
    .map(refOf);
  return refs.length > 0 ? { kind: 'look-up', refs } : { kind: 'pursue', workloads };
}

function viewOf(
  input: ReconcileInput,
  { children, injection }: Survey,
  checked: CheckedObject,
  workloads: Workloads | undefined,
  compared: Compared | undefined,
  rival: string,
): StatusView {
  const findings = checked.kind === 'valid' ? checked.warnings : checked.findings;
  const warnings = compared === undefined ? [] : (workloads?.warnings ?? []);
  return {
    object: input.object,
    nowMs: input.nowMs,
    clusterDomain: input.config.clusterDomain,
    findings: compared === undefined ? findings : withoutTwins([...findings, ...warnings]),
    injection,
    workloads,
    ours: children.ours,
    pods: input.pods,
    plans: compared?.plans ?? new Map(),
    foreign: compared?.foreign ?? [],
    rolling: compared?.writes.rolling ?? [],
    contested: rival,
    waiting: compared?.superseded.waiting ?? '',
    unexposed: describeNotes(input),
  };
}

/** What was told of the object when it was read is told again when it is rendered. */
function withoutTwins(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ code, path, message }) => {
    const id = `${code} ${path} ${message}`;
    return !seen.has(id) && seen.add(id);
  });
}

/** Gateways that say the same say it once. */
function describeNotes({ gateways }: ReconcileInput): string {
  const notes = new Set(gateways.map(({ note = '' }) => note).filter((note) => note !== ''));
  return [...notes].sort().join('; ');
}

/** What brings the children from what they are to what was rendered. */
function writesOf(
  { object, config }: ReconcileInput,
  { claim, former }: Survey,
  { transfers }: Workloads,
  { writes, plans, superseded, foreign }: Compared,
): Omit<Reconciled, 'status'> {
  const pods = [...plans.values()];
  const requeue = pods.flatMap(({ requeueAfterMs }) => requeueAfterMs ?? []);
  if (superseded.waiting !== '' && writes.isSettled) requeue.push(WAIT_FOR_GATEWAYS_MS);
  if (foreign.length > 0) requeue.push(WAIT_FOR_OTHERS_MS);
  return {
    ...NOTHING,
    takeOver:
      claim.holder === 'us'
        ? [...former.takeOver, ...findFormerStatus(object, config.formerManagers)]
        : [],
    transfers,
    remove: superseded.remove,
    apply: writes.apply,
    annotate: pods.flatMap(({ annotate }) => annotate),
    ask: pods.flatMap(({ ask }) => ask),
    requeueAfterMs:
      requeue.length === 0 ? undefined : Math.max(MIN_REQUEUE_MS, Math.min(...requeue)),
  };
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
