// A checked SeldonDeployment in, every object that it becomes out, with what the status should tell. Pure: equal input gives equal
// bytes, and what exists already is only looked at where something of it must live on (selectors, sidecars, replicas).
import { compileDeployment } from '../../graph/compile/compile-deployment.ts';
import { annotationsOf } from '../../graph/seldon/annotations.ts';
import type { Address, Deployment } from '../../graph/plan/deployment.ts';
import { openFindings } from '../../graph/manifest/finding.ts';
import type { FindingSink } from '../../graph/manifest/finding.ts';
import { sortKeys } from '../../graph/plan/json-value.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { isControlledBy } from '../../lib/kube/object.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { LABELS } from '../../cluster/names.ts';
import { TRAFFIC_KINDS } from '../config/other-kinds.ts';
import { certificateFiles } from './certificate.ts';
import { renderSidecar } from './sidecar/render-sidecar.ts';
import type { SidecarParts } from './sidecar/render-sidecar.ts';
import { isEntry, objectLabels } from './labels.ts';
import { liveSidecarVersion } from './live.ts';
import { orchestratorOf } from './orchestrator.ts';
import { placePredictors } from './place-predictors.ts';
import type { PlacedPredictor } from './place-predictors.ts';
import { planMapName, renderPlanMap } from './plan-map.ts';
import { renderExplainer } from './render-explainer.ts';
import { renderComponent, renderLoneEntry } from './render-deployment.ts';
import type { DeploymentsInput, RenderedDeployment } from './render-deployment.ts';
import {
  predictorPorts,
  renderContainerService,
  renderJoinedService,
  renderPredictorService,
} from './render-services.ts';
import { renderRoutes, withMappings } from './render-routes.ts';
import { warnInjection, warnOptions, warnPlacement } from './warnings.ts';
import type { PredictorWorkload, ReplicasTransfer, WorkloadInput, Workloads } from './workloads.ts';
import { SIDECAR_ANNOTATIONS } from '../../graph/seldon/annotation-names.ts';
import { LOCAL_HOST } from '../../lib/runtime/hosts.ts';

/** The order in which objects are applied: what others mount or select goes first. */
const KINDS = [
  'ConfigMap',
  'Service',
  'Deployment',
  'HorizontalPodAutoscaler',
  'ScaledObject',
  'PodDisruptionBudget',
  ...TRAFFIC_KINDS,
];

interface Rendered {
  readonly objects: readonly KubeObject[];
  readonly predictor: PredictorWorkload;
  readonly transfers: readonly ReplicasTransfer[];
}

export function renderWorkloads(input: WorkloadInput): Workloads {
  const { deployment, owner } = input;
  const sink = openFindings(deployment.source, () => undefined);
  const placed = placePredictors(deployment);
  const plans = compilePlans(input, placed);
  warnPlacement(deployment, placed, sink);
  warnOptions(placed, input.config, sink);
  const injects = placed.map((own) => input.injection || keepsSidecars(input, own));
  const wanting = placed.filter(({ engine }) => engine);
  const kept = placed.some(({ engine }, index) => engine && injects[index] === true);
  if (!input.injection && wanting.length > 0) warnInjection(deployment, kept, sink);
  const rendered = placed.map((own, index) => {
    const plan = plans[index];
    if (plan === undefined) throw new Error('a compiled deployment has a plan for each predictor');
    return renderPredictor(input, own, plan, injects[index] === true, sink);
  });
  return {
    objects: [
      ...rendered.flatMap(({ objects }) => objects),
      ...renderRoutes(deployment, placed, plans, input.config),
    ]
      .map((item) => withMappings(item, deployment, placed, input.config))
      .map((item) => finish(item, owner))
      .sort(byKindAndName),
    predictors: rendered.map(({ predictor }) => predictor),
    transfers: rendered.flatMap(({ transfers }) => transfers),
    warnings: sink.findings,
  };
}

function renderPredictor(
  input: WorkloadInput,
  placed: PlacedPredictor,
  plan: Plan,
  injection: boolean,
  sink: FindingSink,
): Rendered {
  const { deployment, owner, config } = input;
  const { predictor, components, entry, joined, key, engine } = placed;
  const labels = objectLabels(deployment.name, predictor.name);
  const planName = injection && engine && entry.kind !== 'none' ? planMapName(placed) : undefined;
  const sidecar =
    planName === undefined ? undefined : sidecarOf(input, placed, plan, planName, sink);
  const shared: DeploymentsInput = {
    deployment,
    placed,
    owner,
    config,
    live: input.live.deployments,
    sidecar,
    settings: sidecarSettings(deployment, placed, planName),
  };
  const deployments: RenderedDeployment[] = components.map((own) => renderComponent(shared, own));
  if (entry.kind === 'alone' && sidecar !== undefined)
    deployments.push(renderLoneEntry(shared, entry.deploymentName, sidecar));
  const explainer =
    predictor.explainer === undefined || placed.explainerName === undefined
      ? undefined
      : renderExplainer(shared, predictor.explainer, placed.explainerName);
  const annotations = annotationsOf(deployment, predictor);
  const containers = components.flatMap((component) => component.containers);
  const objects = [
    ...(planName === undefined ? [] : [renderPlanMap(planName, plan, labels)]),
    renderPredictorService(placed, annotations, labels),
    ...containers.flatMap((own) => renderContainerService(placed, own, labels) ?? []),
    ...joined.map((own) => renderJoinedService(placed, own, labels)),
    ...deployments.flatMap((own) => own.objects),
    ...(explainer?.objects ?? []),
  ];
  return {
    objects,
    transfers: deployments.flatMap(({ transfer }) => transfer ?? []),
    predictor: {
      name: predictor.name,
      serviceName: key,
      ports: predictorPorts(placed),
      containerServices: Object.fromEntries(
        containers.flatMap(({ unit, service }) =>
          unit === undefined || service === undefined ? [] : [[unit.name, service.name]],
        ),
      ),
      joinedServices: Object.fromEntries(joined.map((own) => [own.unit.name, own.service.name])),
      deploymentNames: deployments.map(({ name }) => name),
      explainer: explainer && {
        deploymentName: explainer.deploymentName,
        serviceName: explainer.serviceName,
      },
      planName,
      plan,
      entryDeployment: deployments.find((own) => own.entry)?.name,
      injected: sidecar !== undefined,
      isEncrypted: engine && predictor.certificate !== undefined,
      traffic: predictor.traffic,
      shadow: predictor.shadow,
    },
  };
}

function sidecarOf(
  { deployment, config }: WorkloadInput,
  placed: PlacedPredictor,
  plan: Plan,
  planConfigMap: string,
  sink: FindingSink,
): SidecarParts {
  const parts = renderSidecar({
    namespace: deployment.namespace,
    deploymentName: deployment.name,
    predictor: placed.predictor.name,
    planConfigMap,
    config: config.sidecar,
    annotations: annotationsOf(deployment, placed.predictor),
    annotationsPath: `${deployment.path}spec.annotations`,
    policy: plan.policy,
    certificate: certificateFiles(placed.predictor),
    orchestrator: orchestratorOf(deployment, placed.predictor),
  });
  for (const { code, path, message, advice } of parts.findings)
    sink.add(code, path, message, advice);
  return parts;
}

/** What an author says about sidecars: a change of it is a change of containers. */
function sidecarSettings(
  deployment: Deployment,
  placed: PlacedPredictor,
  planName: string | undefined,
): Readonly<Record<string, unknown>> {
  const annotations = annotationsOf(deployment, placed.predictor);
  const asked = Object.values(SIDECAR_ANNOTATIONS).map((name) => [name, annotations[name] ?? null]);
  const { env, resources } = orchestratorOf(deployment, placed.predictor);
  return { planName: planName ?? null, asked, env, resources: resources ?? null };
}

/** Units in the entry's pod are at its loopback, the others behind the Service of their container. */
function compilePlans(
  { deployment, config }: WorkloadInput,
  placed: readonly PlacedPredictor[],
): readonly Plan[] {
  const addresses = new Map<string, Address>();
  for (const own of placed) {
    for (const component of own.components) {
      for (const { unit, container, service } of component.containers) {
        if (unit === undefined || service === undefined) continue;
        const { http: httpPort, grpc: grpcPort } = container.ports;
        const host = isEntry(own, component)
          ? LOCAL_HOST
          : `${service.name}.${deployment.namespace}.svc.${config.clusterDomain}`;
        addresses.set(`${own.predictor.name}/${unit.name}`, { host, httpPort, grpcPort });
      }
    }
  }
  const { tracing } = config;
  return compileDeployment(deployment, { addresses, tracing }).predictors.map(({ plan }) => plan);
}

/** A running predictor is never stripped of its sidecars. */
function keepsSidecars(
  { deployment, live, owner }: WorkloadInput,
  { predictor }: PlacedPredictor,
): boolean {
  const label = objectLabels(deployment.name, predictor.name)[LABELS.predictor];
  return live.deployments.some(
    (own) =>
      own.metadata.labels?.[LABELS.predictor] === label &&
      isControlledBy(own, owner.uid) &&
      liveSidecarVersion(own) !== '',
  );
}

/** Adds what every child has, and sorts the keys: users write maps in any order. */
function finish(object: KubeObject, owner: Owner): KubeObject {
  const { apiVersion, kind, name, uid } = owner;
  const reference = { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
  const metadata = {
    ...object.metadata,
    namespace: owner.namespace,
    ownerReferences: [reference],
  };
  return sortKeys({ ...object, metadata });
}

type Owner = WorkloadInput['owner'];

function byKindAndName(left: KubeObject, right: KubeObject): number {
  const kinds = KINDS.indexOf(left.kind) - KINDS.indexOf(right.kind);
  return kinds === 0 ? (left.metadata.name < right.metadata.name ? -1 : 1) : kinds;
}
