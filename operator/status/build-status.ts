// The whole status of a SeldonDeployment, from what was decided and what was observed. Its first duty is towards a person who runs
// `kubectl get sdep`: whatever is wrong is in the Ready condition, the gravest first, with what to do.
import { conditionOf } from '../observe/fields.ts';
import type { Finding } from '../../graph/manifest/finding.ts';
import { hasErrors } from '../../graph/manifest/finding.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { describeFindings, tellGravest } from '../observe/check-object.ts';
import { ofKind } from '../observe/children.ts';
import { kindAndName } from '../observe/contract.ts';
import type { Injection } from '../observe/injection.ts';
import type { PodPlans } from '../observe/pod-plans.ts';
import type { Workloads } from '../workloads/workloads.ts';
import type { Condition, ConditionType, Judgement } from './conditions.ts';
import { dateConditions } from './conditions.ts';
import { judgePlans, judgeReadiness, judgeTrouble } from './judgements.ts';
import { shortenMessage } from './summary.ts';
import { judgePredictors } from './predictors.ts';
import type { JudgedPredictor, PredictorEntry } from './predictors.ts';
import {
  deploymentEntry,
  renderAddress,
  renderScale,
  serviceEntry,
  whyUnscalable,
} from './serving.ts';
import type { DeploymentEntry, ServiceEntry } from './serving.ts';

export interface StatusView {
  readonly object: KubeObject;
  readonly nowMs: number;
  readonly clusterDomain: string;
  readonly findings: readonly Finding[];
  readonly injection: Injection;
  /** Undefined where nothing is rendered: an invalid graph, a namespace that is not annotated. */
  readonly workloads: Workloads | undefined;
  /** Live children of ours. */
  readonly ours: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
  readonly plans: ReadonlyMap<string, PodPlans>;
  /** Names that belong to others, each as a sentence. */
  readonly foreign: readonly string[];
  /** Deployments that are being changed right now: what they report is about to be old. */
  readonly rolling: readonly string[];
  /** Who else writes its objects, and what to do, in words; '' for nobody. */
  readonly contested: string;
  /** What of an earlier version stays for now; '' for nothing. */
  readonly waiting: string;
  /** What gateways do not do as the deployment says; '' for nothing. */
  readonly unexposed: string;
}

export interface Status {
  readonly state: 'Available' | 'Creating' | 'Failed';
  readonly description: string;
  readonly summary: string;
  readonly observedGeneration: number;
  readonly replicas: number;
  readonly selector: string;
  readonly address?: { readonly url: string };
  readonly deploymentStatus: Readonly<Record<string, DeploymentEntry>>;
  readonly serviceStatus: Readonly<Record<string, ServiceEntry>>;
  readonly predictors: readonly PredictorEntry[];
  readonly conditions: readonly Condition[];
}

export function buildStatus(view: StatusView): Status {
  const { object, workloads, ours, nowMs } = view;
  const live = new Map(ofKind(ours, 'Deployment').map((each) => [each.metadata.name, each]));
  const predictors = judgePredictors(
    (workloads?.predictors ?? []).map((workload) => ({
      workload,
      deployments: live,
      pods: view.pods,
      plans: view.plans.get(workload.name),
      rolling: view.rolling,
    })),
  );
  const names = workloads?.predictors.flatMap(({ deploymentNames }) => deploymentNames) ?? [];
  const explained = new Map(
    (workloads?.predictors ?? []).flatMap(({ name, explainer }) =>
      explainer === undefined
        ? []
        : [explainer.deploymentName, explainer.serviceName].map((own) => [own, name] as const),
    ),
  );
  const explainers =
    workloads?.predictors.flatMap(({ explainer }) => explainer?.deploymentName ?? []) ?? [];
  // While nothing can be rendered, what runs is still told.
  const deployments = workloads === undefined ? [...live.keys()].sort() : names;
  const scale = renderScale(deployments.map((name) => live.get(name)));
  const judgements = judge(view, predictors, scale.isScalable);
  const ready = judgeReadiness(
    judgements,
    predictors.map(({ state, entry }) => ({ state, entry })),
  );
  const [first] = workloads?.predictors ?? [];
  const services = ofKind(ours, 'Service').toSorted((one, other) =>
    one.metadata.name < other.metadata.name ? -1 : 1,
  );
  const description = ready.state === 'Available' ? '' : (ready.condition.message ?? '');
  return {
    state: ready.state,
    description,
    summary: shortenMessage(
      ready.about === 'GraphValid' ? tellGravest(view.findings) : { text: description },
    ),
    observedGeneration: object.metadata.generation ?? 0,
    replicas: scale.replicas,
    selector: scale.selector,
    ...(first === undefined
      ? {}
      : {
          address: renderAddress(first, object.metadata.namespace ?? '', view.clusterDomain),
        }),
    deploymentStatus: Object.fromEntries(
      [...deployments, ...explainers].map((name) => [
        name,
        { ...deploymentEntry(name, live.get(name)), ...explainerFor(explained, name) },
      ]),
    ),
    serviceStatus: Object.fromEntries(
      services.map((service) => [
        service.metadata.name,
        { ...serviceEntry(service), ...explainerFor(explained, service.metadata.name) },
      ]),
    ),
    predictors: predictors.map(({ entry }) => entry),
    conditions: dateConditions([...judgements, ready.condition], object, nowMs),
  };
}

function explainerFor(
  explained: ReadonlyMap<string, string>,
  name: string,
): { readonly explainerFor?: string } {
  const predictor = explained.get(name);
  return predictor === undefined ? {} : { explainerFor: predictor };
}

function judge(
  view: StatusView,
  predictors: readonly JudgedPredictor[],
  isScalable: boolean,
): readonly Judgement[] {
  const { findings, injection, workloads, ours, foreign, contested, waiting } = view;
  const isValid = !hasErrors(findings);
  const judgements: Judgement[] = [
    isValid
      ? {
          type: 'GraphValid',
          status: 'True',
          ...message(findings.length > 0 ? describeFindings(findings) : ''),
        }
      : {
          type: 'GraphValid',
          status: 'False',
          reason: 'Invalid',
          message: describeFindings(findings),
        },
    injection.kind === 'on'
      ? { type: 'Injected', status: 'True' }
      : {
          type: 'Injected',
          status: 'False',
          reason: 'NamespaceNotAnnotated',
          // What runs already goes on without the annotation.
          ...(injection.kind === 'kept' ? { severity: 'Warning' } : {}),
          message: injection.message,
        },
  ];
  // Pods inside the cluster reach it all the same.
  if (view.unexposed !== '')
    judgements.push({
      type: 'Exposed',
      status: 'False',
      severity: 'Warning',
      reason: 'NotAsWritten',
      message: view.unexposed,
    });
  if (contested !== '') judgements.push(judgeTrouble('TakenOver', 'Contested', [contested]));
  if (workloads === undefined) return judgements;
  judgements.push(judgeTrouble('NamesFree', 'NameTaken', foreign));
  judgements.push(...judgeChildren(workloads, ours, predictors));
  judgements.push(judgePlans(workloads.predictors, view.plans));
  const old = waiting === '' ? {} : { reason: 'Waiting', message: waiting };
  judgements.push({
    type: 'Superseded',
    status: waiting === '' ? 'True' : 'False',
    severity: 'Info',
    ...old,
  });
  const unscalable = whyUnscalable(view.object, isScalable);
  judgements.push({
    type: 'Scalable',
    severity: 'Info',
    ...(unscalable === undefined
      ? { status: 'True' }
      : { status: 'False', reason: unscalable.reason, message: unscalable.words }),
  });
  return judgements;
}

/** Seldon's own names where it has them. */
const OTHERS: readonly (readonly [ConditionType, string])[] = [
  ['KedaReady', 'ScaledObject'],
  ['istioVirtualServicesReady', 'VirtualService'],
  ['RoutesReady', 'HTTPRoute'],
];

function judgeChildren(
  workloads: Workloads,
  ours: readonly KubeObject[],
  predictors: readonly JudgedPredictor[],
): readonly Judgement[] {
  const live = new Map(ours.map((child) => [kindAndName(child), child]));
  const missing = (kind: string): readonly string[] =>
    workloads.objects
      .filter((object) => object.kind === kind && !live.has(kindAndName(object)))
      .map(({ metadata }) => `${kind} ${metadata.name} is not there yet`);
  const waiting = predictors
    .filter(({ state }) => state !== 'Available')
    .map(({ entry }) => `${entry.name}: ${entry.message ?? 'starting'}`);
  const idle = ofKind(ours, 'HorizontalPodAutoscaler').flatMap((autoscaler) => {
    const active = conditionOf(autoscaler, 'ScalingActive');
    return active?.status === 'False'
      ? [`${autoscaler.metadata.name} does not scale: ${active.message}`]
      : [];
  });
  const hpas = judgeTrouble('HpasReady', 'Missing', missing('HorizontalPodAutoscaler'));
  return [
    judgeTrouble('DeploymentsReady', 'NotAvailable', waiting),
    judgeTrouble('ServicesReady', 'Missing', missing('Service')),
    // An autoscaler without metrics scales nothing, but everything serves.
    hpas.status === 'True' && idle.length > 0
      ? { ...hpas, reason: 'NotScaling', ...message(idle.join('; ')) }
      : hpas,
    judgeTrouble('PdbsReady', 'Missing', missing('PodDisruptionBudget')),
    ...OTHERS.filter(([, kind]) => workloads.objects.some((own) => own.kind === kind)).map(
      ([type, kind]) => judgeTrouble(type, 'Missing', missing(kind)),
    ),
  ];
}

function message(words: string): { readonly message?: string } {
  return words === '' ? {} : { message: words };
}
