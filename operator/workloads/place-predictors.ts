// Decides what runs where: one Deployment for each componentSpec, the pod through which requests enter, the Services of single
// containers, and under which names. Nothing is rendered yet.
import { listUnits } from '../../graph/plan/deployment.ts';
import type {
  Component,
  Container,
  Deployment,
  Predictor,
  Unit,
} from '../../graph/plan/deployment.ts';
import { listJoinedUnits } from './joined-units.ts';
import { componentName, containerNames, containerServiceKey } from '../../cluster/object-names.ts';
import {
  containerServiceName,
  deploymentLabel,
  explainerName,
  NameClaims,
  predictorKey,
} from '../../cluster/object-names.ts';
import { SELDON_ANNOTATIONS } from '../../graph/seldon/annotation-names.ts';

export interface PlacedPredictor {
  readonly predictor: Predictor;
  /** Name of its Service. */
  readonly key: string;
  /** False for `seldon.io/no-engine`: the Service leads to the only unit. */
  readonly engine: boolean;
  readonly components: readonly PlacedComponent[];
  /** Units in pods that others make. */
  readonly joined: readonly JoinedUnit[];
  readonly entry: Entry;
  /** Name of the explainer's Deployment and Service, undefined without one. */
  readonly explainerName: string | undefined;
}

/** The pods that the predictor's Service selects. */
export type Entry =
  | { readonly kind: 'component'; readonly index: number }
  /** Pods that hold the sidecars alone. */
  | { readonly kind: 'alone'; readonly deploymentName: string }
  /** Pods that others make: nothing is rendered for them but what they mount and are found by. */
  | { readonly kind: 'joined' }
  /** No engine, and the unit runs elsewhere. */
  | { readonly kind: 'none' };

export interface PlacedComponent {
  /** Position in `componentSpecs`. */
  readonly index: number;
  readonly deploymentName: string;
  /** Undefined where prepackaged servers alone make the pod. */
  readonly written: Component | undefined;
  readonly containers: readonly PlacedContainer[];
}

export interface PlacedContainer {
  /** Its name in the pod. */
  readonly name: string;
  readonly container: Container;
  /** The unit that it runs, undefined for a container beside them. */
  readonly unit: Unit | undefined;
  readonly service: ContainerService | undefined;
}

export interface JoinedUnit {
  readonly unit: Unit;
  readonly service: ContainerService;
}

export interface ContainerService {
  readonly name: string;
  /** Key of the label that selects its pods; the value is the Service's name. */
  readonly labelKey: string;
}

export function placePredictors(deployment: Deployment): PlacedPredictor[] {
  const services = new NameClaims();
  const deployments = new NameClaims();
  // Predictors' Services, and those of explainers, are what users call: they go before those of containers.
  const keys = deployment.predictors.map((predictor) =>
    services.claim(predictorKey(deployment.name, predictor), predictor.name),
  );
  const explainers = deployment.predictors.map(({ name, explainer }) => {
    if (explainer === undefined) return undefined;
    const own = services.claim(explainerName(deployment.name, name), `${name}/explainer`);
    return deployments.claim(own, `${name}/explainer`);
  });
  return deployment.predictors.map((predictor, index) => {
    const components = placeComponents(deployment, predictor, services, deployments);
    const engine = !isWithoutEngine(predictor);
    const alone = (): Entry => {
      const name = deploymentLabel(`${deployment.name}-${predictor.name}-svc-orch`);
      return { kind: 'alone', deploymentName: deployments.claim(name, `${predictor.name}/entry`) };
    };
    const separate = engine && deployment.annotations[SELDON_ANNOTATIONS.separatePod] === 'true';
    const home = findHome(predictor, components);
    const joined = placeJoined(deployment, predictor, services);
    const entry: Entry =
      engine && joined.length > 0
        ? { kind: 'joined' }
        : separate || (engine && home === undefined)
          ? alone()
          : home === undefined
            ? { kind: 'none' }
            : { kind: 'component', index: home };
    return {
      predictor,
      key: keys[index] ?? '',
      engine,
      components,
      joined,
      entry,
      explainerName: explainers[index],
    };
  });
}

function placeComponents(
  deployment: Deployment,
  predictor: Predictor,
  services: NameClaims,
  deployments: NameClaims,
): PlacedComponent[] {
  const names = containerNames(predictor.containers);
  const units = new Map(listUnits(predictor.graph).map((unit) => [unit.name, unit]));
  const indexes = [...new Set(predictor.containers.map(({ componentSpec }) => componentSpec))];
  return indexes
    .sort((left, right) => left - right)
    .map((index) => {
      const containers = predictor.containers
        .filter(({ componentSpec }) => componentSpec === index)
        .map((container) => {
          const name = names.get(container.name) ?? container.name;
          const unit = units.get(container.name);
          const running = unit !== undefined && unit.builtIn === undefined ? unit : undefined;
          return { name, container, unit: running };
        });
      const component = predictor.components[index];
      const own = component?.name ?? '';
      const deploymentName =
        own === ''
          ? componentName(
              deployment.name,
              predictor.name,
              index,
              containers.map(({ name }) => name),
            )
          : deploymentLabel(own);
      return {
        index,
        deploymentName: deployments.claim(deploymentName, `${predictor.name}/${index}`),
        written: component,
        containers: containers.map((placed) => ({
          ...placed,
          service: placed.unit && {
            name: services.claim(
              containerServiceName(deployment.name, predictor.name, placed.name),
              `${predictor.name}/${placed.name}`,
            ),
            labelKey: containerServiceKey(placed.name),
          },
        })),
      };
    });
}

function placeJoined(
  deployment: Deployment,
  predictor: Predictor,
  services: NameClaims,
): readonly JoinedUnit[] {
  const nameOf = ({ name }: Unit): string =>
    containerServiceName(deployment.name, predictor.name, name);
  return listJoinedUnits(predictor, nameOf).map((unit) => ({
    unit,
    service: {
      name: services.claim(nameOf(unit), `${predictor.name}/${unit.name}`),
      labelKey: containerServiceKey(unit.name),
    },
  }));
}

/** The first component where it holds a unit, as for Seldon's orchestrator; else that of the first unit in pre-order. */
function findHome(
  predictor: Predictor,
  components: readonly PlacedComponent[],
): number | undefined {
  const first = components.find(({ index }) => index === 0);
  if (first?.containers.some(({ unit }) => unit !== undefined) === true) return 0;
  for (const unit of listUnits(predictor.graph)) {
    const home = components.find(({ containers }) => containers.some((own) => own.unit === unit));
    if (home !== undefined) return home.index;
  }
  return undefined;
}

/** The reconciler of Seldon asks for `true`; the mere presence of the annotation means nothing to it. */
function isWithoutEngine(predictor: Predictor): boolean {
  return predictor.annotations[SELDON_ANNOTATIONS.noEngine]?.toLowerCase() === 'true';
}
