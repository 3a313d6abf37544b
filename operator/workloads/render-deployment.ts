// Renders the Deployments of one predictor: one for each component and, where the entry stands alone, one with the sidecars. What
// belongs to a Deployment by name (autoscaler, budget) comes along.
import type { Deployment } from '../../graph/plan/deployment.ts';
import { isControlledBy } from '../../lib/kube/object.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { ANNOTATIONS, LABELS, SELDON_LABELS } from '../../cluster/names.ts';
import type { SidecarParts } from './sidecar/render-sidecar.ts';
import { attachSidecar, chooseSidecar, hashTemplate, holdUnits } from './attach-sidecar.ts';
import { certificateVolumes } from './certificate.ts';
import { renderLonePod } from './attach-sidecar.ts';
import { ownAnnotations, podAnnotations } from './annotations.ts';
import type { OperatorConfig } from '../config/workload-config.ts';
import { identifyDeployment } from './identify-deployment.ts';
import type { Identity } from './identify-deployment.ts';
import { isEntry, lonePodLabels, loneSelector, objectLabels, podLabels } from './labels.ts';
import { selectorOf } from './labels.ts';
import type { Labels } from './labels.ts';
import { servingContainers } from './model-server.ts';
import type { PlacedComponent, PlacedPredictor } from './place-predictors.ts';
import { autoscalerMin, renderAutoscaler } from './render-autoscaler.ts';
import { renderBudget } from './render-budget.ts';
import { renderScaledObject, scaledMin } from './render-scaled-object.ts';
import { renderPod } from './render-pod.ts';
import type { PodTemplate } from './render-pod.ts';
import { decideReplicas } from './replicas.ts';
import type { Owner, ReplicasTransfer } from './workloads.ts';
import { SIDECAR_VERSION_ANNOTATION } from '../../graph/seldon/annotation-names.ts';

export interface DeploymentsInput {
  readonly deployment: Deployment;
  readonly placed: PlacedPredictor;
  readonly owner: Owner;
  readonly config: OperatorConfig;
  readonly live: readonly KubeObject[];
  /** Fresh ones; undefined where nothing is injected. */
  readonly sidecar: SidecarParts | undefined;
  /** What an author can set of the sidecars: part of what rolls pods. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface RenderedDeployment {
  readonly objects: readonly KubeObject[];
  readonly name: string;
  readonly entry: boolean;
  readonly transfer: ReplicasTransfer | undefined;
}

/** Seldon's strategy: its code says 10 %, its objects say 0. A surge of 25 % is Kubernetes' default. */
const STRATEGY = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } };
/** Where no data plane says how long requests last, s: Seldon's own. */
const BARE = { preStopForUnits: { sleep: { seconds: 10 } }, terminationGracePeriodSeconds: 20 };

export function renderComponent(
  input: DeploymentsInput,
  component: PlacedComponent,
): RenderedDeployment {
  const { deployment, placed, config, sidecar } = input;
  const labelsOf = (name: string): Labels => podLabels(deployment.name, placed, component, name);
  const selector = selectorOf(deployment.name, placed, component);
  const name = component.deploymentName;
  const identity = identify(input, name, selector, labelsOf(name));
  const labels = { ...identity.extraLabels, ...labelsOf(identity.name) };
  const entry = isEntry(placed, component);
  const units = servingContainers(placed.predictor, component.containers);
  const bare = renderPod({ deployment, placed, component, labels, config });
  const injected = entry && sidecar !== undefined;
  const settings = injected ? input.settings : {};
  const hash = hashTemplate(bare, settings);
  const template = injected
    ? attachSidecar(bare, choose(input, sidecar, hash, identity), units)
    : holdUnits(bare, sidecar ?? BARE, units);
  const own = component.written;
  const keda = config.keda.enabled ? own?.keda : undefined;
  const replicas = decideReplicas({
    deployment: identity.name,
    written: [own?.replicas, placed.predictor.replicas, deployment.replicas],
    autoscalerMin: keda === undefined ? autoscalerMin(own?.autoscaler) : scaledMin(keda),
    live: identity.live,
    predecessor: findPredecessor(input, String(component.index), identity.name),
  });
  const shared = objectLabels(deployment.name, placed.predictor.name);
  const names = new Map(component.containers.map((item) => [item.container.name, item.name]));
  const objects = [
    renderDeployment(input, identity, template, hash, replicas.replicas, {
      labels: entry && placed.engine ? { [SELDON_LABELS.orchestrator]: 'true' } : {},
      annotations: ownAnnotations(own?.annotations ?? {}),
    }),
    ...(keda === undefined ? [] : [renderScaledObject(keda, identity.name, shared, names)]),
    // Two autoscalers of one Deployment would work against each other.
    ...(own?.autoscaler === undefined || keda !== undefined
      ? []
      : [renderAutoscaler(own.autoscaler, identity.name, shared, names)]),
    ...(own?.budget === undefined
      ? []
      : [renderBudget(own.budget, identity.name, shared, identity.selector)]),
  ];
  return { objects, name: identity.name, entry, transfer: replicas.transfer };
}

/** The Deployment whose pods hold the sidecars alone. */
export function renderLoneEntry(
  input: DeploymentsInput,
  name: string,
  sidecar: SidecarParts,
): RenderedDeployment {
  const { deployment, placed } = input;
  const { predictor } = placed;
  const labelsOf = (own: string): Labels => lonePodLabels(deployment.name, placed, own);
  const identity = identify(input, name, loneSelector(deployment.name, placed), labelsOf(name));
  const metadata = {
    labels: { ...identity.extraLabels, ...labelsOf(identity.name) },
    annotations: podAnnotations(deployment.specAnnotations, predictor),
  };
  const volumes = certificateVolumes(predictor);
  const hash = hashTemplate(
    { metadata, spec: { containers: [], ...(volumes.length === 0 ? {} : { volumes }) } },
    input.settings,
  );
  const template = renderLonePod({ metadata }, choose(input, sidecar, hash, identity), volumes);
  const { replicas } = decideReplicas({
    deployment: identity.name,
    written: [predictor.orchestrator.replicas, predictor.replicas, deployment.replicas],
    autoscalerMin: undefined,
    live: identity.live,
    predecessor: undefined,
  });
  const objects = [renderDeployment(input, identity, template, hash, replicas)];
  return { objects, name: identity.name, entry: true, transfer: undefined };
}

/** A Deployment beside the graph, with pods that hold none of the sidecars. */
export function renderOwnDeployment(
  input: DeploymentsInput,
  own: {
    readonly name: string;
    readonly selector: Labels;
    readonly labelsOf: (name: string) => Labels;
    readonly template: (labels: Labels) => PodTemplate;
    readonly replicas: number;
  },
): { readonly object: KubeObject; readonly deploymentName: string } {
  const identity = identify(input, own.name, own.selector, own.labelsOf(own.name));
  const template = own.template({ ...identity.extraLabels, ...own.labelsOf(identity.name) });
  const hash = hashTemplate(template, {});
  return {
    object: renderDeployment(input, identity, template, hash, own.replicas, {
      labels: objectLabels(input.deployment.name, input.placed.predictor.name),
      annotations: {},
    }),
    deploymentName: identity.name,
  };
}

function identify(
  { live, owner }: DeploymentsInput,
  name: string,
  selector: Labels,
  fixed: Labels,
): Identity {
  return identifyDeployment({ name, selector, fixed }, live, owner);
}

function choose(
  { deployment }: DeploymentsInput,
  sidecar: SidecarParts,
  hash: string,
  identity: Identity,
): SidecarParts {
  const asked = deployment.annotations[SIDECAR_VERSION_ANNOTATION];
  return chooseSidecar(sidecar, hash, asked, identity.live);
}

function findPredecessor(
  { live, owner, deployment, placed }: DeploymentsInput,
  component: string,
  name: string,
): KubeObject | undefined {
  const own = objectLabels(deployment.name, placed.predictor.name);
  return live.find(({ metadata, ...object }) => {
    const labels = metadata.labels ?? {};
    return (
      metadata.name !== name &&
      labels[LABELS.predictor] === own[LABELS.predictor] &&
      labels[LABELS.component] === component &&
      isControlledBy({ ...object, metadata }, owner.uid)
    );
  });
}

function renderDeployment(
  { deployment, placed }: DeploymentsInput,
  identity: Identity,
  template: PodTemplate,
  hash: string,
  replicas: number | undefined,
  own: { readonly labels: Labels; readonly annotations: Labels } = { labels: {}, annotations: {} },
): KubeObject {
  const { progressDeadlineSeconds } = placed.predictor;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: identity.name,
      namespace: deployment.namespace,
      labels: { ...template.metadata.labels, ...own.labels },
      annotations: {
        ...deployment.specAnnotations,
        ...placed.predictor.annotations,
        ...own.annotations,
        [ANNOTATIONS.templateHash]: hash,
      },
    },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }),
      selector: { matchLabels: identity.selector },
      strategy: STRATEGY,
      template,
    },
  };
}
