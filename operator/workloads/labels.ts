// Labels and selectors, with Seldon's keys: Services, monitors and users' own tools select on them. What a selector asks for is
// among the labels of its pods by construction.
import type { Predictor, Unit } from '../../graph/plan/deployment.ts';
import type { UnitType } from '../../graph/plan/plan.ts';
import { LABELS, MANAGED_BY, SELDON_LABELS } from '../../cluster/names.ts';
import { labelValue } from '../../cluster/object-names.ts';
import type { PlacedComponent, PlacedPredictor } from './place-predictors.ts';

export type Labels = Readonly<Record<string, string>>;

const ROLES: Readonly<Record<UnitType, string | undefined>> = {
  UNKNOWN_TYPE: undefined,
  MODEL: 'seldon.io/model',
  ROUTER: 'seldon.io/router',
  COMBINER: 'seldon.io/combiner',
  TRANSFORMER: 'seldon.io/transformer',
  OUTPUT_TRANSFORMER: 'seldon.io/output-transformer',
};

/** On every object of a deployment. */
export function objectLabels(deployment: string, predictor: string): Labels {
  return {
    [SELDON_LABELS.deployment]: labelValue(deployment),
    [SELDON_LABELS.managedBy]: MANAGED_BY,
    [LABELS.deployment]: labelValue(deployment),
    [LABELS.predictor]: labelValue(predictor),
  };
}

/**
 * The labels by which Services find the pods of a component: those of its containers and, in the entry's pods, that of the
 * predictor. Pods that others make get the same.
 */
export function serviceLabels(placed: PlacedPredictor, component: PlacedComponent): Labels {
  const labels: Record<string, string> = {};
  for (const { service } of component.containers)
    if (service !== undefined) labels[service.labelKey] = service.name;
  if (isEntry(placed, component)) labels[SELDON_LABELS.app] = placed.key;
  return labels;
}

/** A new Deployment's selector. Seldon's own are the same, so that either operator can take over. */
export function selectorOf(
  deployment: string,
  placed: PlacedPredictor,
  component: PlacedComponent,
): Labels {
  const services = serviceLabels(placed, component);
  return {
    [SELDON_LABELS.deployment]: labelValue(deployment),
    ...services,
    // A pod without units has nothing else that is its own.
    ...(Object.keys(services).length === 0 ? { app: component.deploymentName } : {}),
  };
}

export function podLabels(
  deployment: string,
  placed: PlacedPredictor,
  component: PlacedComponent,
  name: string,
): Labels {
  const units = component.containers.flatMap(({ unit }) => unit ?? []);
  return {
    ...ownLabels(placed.predictor.labels),
    ...ownLabels(component.written?.labels ?? {}),
    ...unitLabels(placed.predictor, units),
    fluentd: 'true',
    ...objectLabels(deployment, placed.predictor.name),
    ...serviceLabels(placed, component),
    [LABELS.component]: String(component.index),
    app: name,
  };
}

/** What units there are by their roles, and whether they see copies of requests only. */
export function unitLabels({ shadow }: Predictor, units: readonly Unit[]): Labels {
  const roles = units.flatMap(({ type }) => ROLES[type] ?? []);
  return {
    ...Object.fromEntries(roles.map((role) => [role, 'true'])),
    ...(shadow ? { [SELDON_LABELS.shadow]: 'true' } : {}),
  };
}

/** An explainer's pods; they bear no predictor's name, so that nobody takes them for its pods. */
export function explainerLabels(
  deployment: string,
  { predictor }: PlacedPredictor,
  service: string,
  name: string,
): Labels {
  const { [LABELS.predictor]: _, ...shared } = objectLabels(deployment, predictor.name);
  return {
    ...ownLabels(predictor.labels),
    fluentd: 'true',
    ...shared,
    [SELDON_LABELS.app]: service,
    [SELDON_LABELS.explainer]: 'true',
    [LABELS.component]: 'explainer',
    app: name,
  };
}

/** The pods that hold the sidecars of a predictor alone. */
export function lonePodLabels(deployment: string, placed: PlacedPredictor, name: string): Labels {
  return {
    ...ownLabels(placed.predictor.labels),
    ...(placed.predictor.shadow ? { [SELDON_LABELS.shadow]: 'true' } : {}),
    fluentd: 'true',
    ...objectLabels(deployment, placed.predictor.name),
    [SELDON_LABELS.app]: placed.key,
    [SELDON_LABELS.orchestrator]: 'true',
    [LABELS.component]: 'entry',
    app: name,
  };
}

export function loneSelector(deployment: string, placed: PlacedPredictor): Labels {
  return {
    [SELDON_LABELS.deployment]: labelValue(deployment),
    [SELDON_LABELS.app]: placed.key,
  };
}

/** A user's labels without those that would lead a Service to pods that it does not mean. */
function ownLabels(labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(labels).filter(
      ([key]) =>
        key !== SELDON_LABELS.app &&
        !key.startsWith(SELDON_LABELS.appServicePrefix) &&
        !key.startsWith('sidegraph.io/'),
    ),
  );
}

export function isEntry(placed: PlacedPredictor, component: PlacedComponent): boolean {
  return placed.entry.kind === 'component' && placed.entry.index === component.index;
}
