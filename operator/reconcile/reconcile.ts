// The decision: from a SeldonDeployment and everything that was observed to what is to be done and told. Pure and level-based:
// it asks what is, never what happened, so it may be called at any time, again, and after a crash in the middle of the effects.
import type { Finding } from '../../graph/finding.ts';
import type { KubeObject } from '../kube/object.ts';
import { refOf } from '../kube/kinds.ts';
import { SELDON_LABELS } from '../names.ts';
import { buildStatus } from '../status/build-status.ts';
import type { StatusView } from '../status/build-status.ts';
import { servesJoined } from '../status/predictors.ts';
import { tellTransitions } from '../status/transitions.ts';
import { renderWorkloads } from '../workloads/render-workloads.ts';
import type { Workloads } from '../workloads/workloads.ts';
import { checkObject } from './check-object.ts';
import {
  describeForeign,
  findFormer,
  findFormerStatus,
  isOurs,
  ofKind,
  sortChildren,
} from './children.ts';
import type { Children, Former } from './children.ts';
import type { EventNote, Reconciled, ReconcileInput } from './contract.ts';
import { nameOf, NOTHING } from './contract.ts';
import { decideInjection } from './injection.ts';
import type { Injection } from './injection.ts';
import { comparePlans } from './pod-plans.ts';
import type { PodPlans } from './pod-plans.ts';
import { selectWrites } from './select-writes.ts';
import type { Writes } from './select-writes.ts';
import { findSuperseded } from './superseded.ts';

export function reconcile(input: ReconcileInput): Reconciled {
  const { object, config, nowMs } = input;
  const elsewhere: Reconciled = { ...NOTHING, isOurs: false, status: null };
  if (object.metadata.deletionTimestamp !== undefined || !isHandledHere(input)) return elsewhere;
  const children = sortChildren(input);
  const former = findFormer(children.ours, config.formerManagers, nowMs);
  const hasFormer = former.takeOver.length > 0 || former.contested.length > 0;
  if (hasFormer && !isClaimed(input)) return { ...elsewhere, events: [tellClaim(input)] };
  const injection = decideInjection(
    object,
    children.ours,
    input.namespaceAnnotations,
    config.injectionAnnotation,
  );
  // Where no annotation says that we may, what another operator made is not ours to speak of.
  if (injection.kind === 'off' && hasFormer) return elsewhere;
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
    contested: former.contested,
    waiting: '',
    unexposed: describeNotes(input),
  };
  if (checked.kind === 'invalid' || injection.kind === 'off') return finish(NOTHING, view);
  const workloads = renderWorkloads({
    deployment: checked.deployment,
    owner: ownerOf(object),
    object,
    injection: injection.kind === 'on',
    config,
    live: {
      deployments: ofKind(children.ours, 'Deployment'),
      horizontalPodAutoscalers: ofKind(children.ours, 'HorizontalPodAutoscaler'),
    },
  });
  const lookUp = workloads.objects
    .filter((each) => !children.all.has(nameOf(each)) && !input.absent.has(nameOf(each)))
    .map(refOf);
  if (lookUp.length > 0) return { ...NOTHING, lookUp, status: null };
  return pursue(input, children, former, injection, workloads, view);
}

/** What brings the children from what they are to what was rendered. */
function pursue(
  input: ReconcileInput,
  children: Children,
  former: Former,
  injection: Injection,
  workloads: Workloads,
  view: StatusView,
): Reconciled {
  const { object } = input;
  const isForeign = (each: KubeObject): boolean => {
    const live = children.all.get(nameOf(each));
    return live !== undefined && !isOurs(live, object);
  };
  const writes = selectWrites({ workloads, injection, live: children.all, former, isForeign });
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
  if (former.contested.length > 0) requeue.push(WAIT_FOR_OTHERS_MS);
  const names = writes.foreign.map((name) => {
    const live = children.all.get(name);
    return live === undefined ? name : describeForeign(live);
  });
  if (names.length > 0) requeue.push(WAIT_FOR_OTHERS_MS);
  return finish(
    {
      ...NOTHING,
      takeOver: isClaimed(input)
        ? [...former.takeOver, ...findFormerStatus(object, input.config.formerManagers)]
        : [],
      transfers: workloads.transfers.filter(
        ({ deployment }) => !former.contested.includes(`Deployment/${deployment}`),
      ),
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

function controllerOf({ object, namespaceLabels }: ReconcileInput): string {
  const key = SELDON_LABELS.controllerId;
  return object.metadata.labels?.[key] ?? namespaceLabels[key] ?? '';
}

/** An object that names no operator is handled by whoever finds it. */
function isHandledHere(input: ReconcileInput): boolean {
  const id = controllerOf(input);
  return id === '' || id === input.config.controllerId;
}

function isClaimed(input: ReconcileInput): boolean {
  return controllerOf(input) === input.config.controllerId;
}

function tellClaim({ object, config }: ReconcileInput): EventNote {
  const { name, namespace = '' } = object.metadata;
  const label = `${SELDON_LABELS.controllerId}=${config.controllerId}`;
  return {
    type: 'Warning',
    reason: 'OtherOperator',
    message: `Its objects were made by another operator and are left alone. To hand it over: kubectl -n ${namespace} label sdep ${name} ${label}`,
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
