// SeldonDeployments of real models for the cluster's tests. Every container is Seldon's Python wrapper with a class of
// examples/models, chosen as Seldon's images are built: MODEL_NAME and SERVICE_TYPE.

export const IMAGE = 'localhost/seldon-model:1';

export interface Unit {
  readonly name: string;
  /** A class of examples/models; '' for a built-in unit, which has no container. */
  readonly model: string;
  readonly implementation?: string;
  readonly type?: 'MODEL' | 'ROUTER' | 'COMBINER' | 'TRANSFORMER' | 'OUTPUT_TRANSFORMER';
  readonly parameters?: Readonly<Record<string, string>>;
  /** Written as they are into the graph's list. */
  readonly graphParameters?: readonly object[];
  readonly children?: readonly Unit[];
}

export interface Predictor {
  readonly name: string;
  readonly graph: Unit;
  readonly traffic?: number;
  readonly replicas?: number;
  readonly shadow?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Changes the containers, and so rolls the pods. */
  readonly env?: Readonly<Record<string, string>>;
  readonly minAvailable?: number;
}

/**
 * Seldon's wrapper ends its REST server on SIGTERM and then waits for its gRPC process for ever, so its pods last until they
 * are killed. What requests need of that time is the sidecars' drain.
 */
const ENDING = { terminationGracePeriodSeconds: 15 };

/** The classifier of examples/models; its responses carry its name as the tag `model`. */
export function iris(model: string, name = 'classifier'): Unit {
  return { name, model: 'IrisModel', parameters: { model } };
}

export function seldonDeployment(
  name: string,
  predictors: readonly Predictor[],
  annotations: Readonly<Record<string, string>> = {},
): object {
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name },
    spec: { name, annotations, predictors: predictors.map(renderPredictor) },
  };
}

function renderPredictor(predictor: Predictor): object {
  const {
    name,
    graph,
    traffic,
    replicas = 1,
    shadow,
    annotations,
    env = {},
    minAvailable,
  } = predictor;
  return {
    name,
    replicas,
    ...(traffic === undefined ? {} : { traffic }),
    ...(shadow === undefined ? {} : { shadow }),
    ...(annotations === undefined ? {} : { annotations }),
    componentSpecs: [
      {
        ...(minAvailable === undefined ? {} : { pdbSpec: { minAvailable } }),
        spec: { ...ENDING, containers: containersOf(graph, env) },
      },
    ],
    graph: renderUnit(graph),
  };
}

function listUnits(unit: Unit): Unit[] {
  return [unit, ...(unit.children ?? []).flatMap(listUnits)];
}

function containersOf(graph: Unit, env: Readonly<Record<string, string>>): object[] {
  return listUnits(graph)
    .filter(({ model }) => model !== '')
    .map((unit) => renderContainer(unit, env));
}

function renderContainer(unit: Unit, env: Readonly<Record<string, string>>): object {
  const variables = { MODEL_NAME: unit.model, SERVICE_TYPE: unit.type ?? 'MODEL', ...env };
  return {
    name: unit.name,
    image: IMAGE,
    imagePullPolicy: 'Never',
    env: Object.entries(variables).map(([name, value]) => ({ name, value })),
    resources: { requests: { cpu: '10m', memory: '96Mi' } },
  };
}

function renderUnit(unit: Unit): object {
  const parameters = [
    ...Object.entries(unit.parameters ?? {}).map(([name, value]) => ({
      name,
      value,
      type: 'STRING',
    })),
    ...(unit.graphParameters ?? []),
  ];
  return {
    name: unit.name,
    ...(unit.implementation === undefined
      ? { type: unit.type ?? 'MODEL', endpoint: { type: 'REST' } }
      : { implementation: unit.implementation }),
    parameters,
    children: (unit.children ?? []).map(renderUnit),
  };
}

/** RANDOM_ABTEST between two models: its ratio is in the plan alone. */
export function abTest(name: string, ratioA: string): object {
  const graph: Unit = {
    name,
    model: '',
    implementation: 'RANDOM_ABTEST',
    graphParameters: [{ name: 'ratioA', value: ratioA, type: 'FLOAT' }],
    children: [iris('logistic', 'one'), iris('bayes', 'two')],
  };
  return seldonDeployment(name, [{ name: 'main', graph }]);
}

/** The graph of the founding article with images that exist: three steps of a pipeline, `children` a single object. */
export function articleGraph(): object {
  const steps = ['step_one', 'step_two', 'step_three'];
  const unit = (index: number): object => ({
    name: steps[index],
    endpoint: { type: 'REST' },
    type: 'MODEL',
    parameters: [{ name: 'step', value: steps[index], type: 'STRING' }],
    children: index + 1 < steps.length ? unit(index + 1) : [],
  });
  return {
    apiVersion: 'machinelearning.seldon.io/v1alpha2',
    kind: 'SeldonDeployment',
    metadata: { name: 'seldon-model' },
    spec: {
      name: 'test-deployment',
      predictors: [
        {
          componentSpecs: [
            {
              spec: {
                containers: steps.map((name) => renderContainer({ name, model: 'Step' }, {})),
              },
            },
          ],
          graph: unit(0),
          name: 'example',
          replicas: 1,
        },
      ],
    },
  };
}
