// What a user should be told about the placement of a deployment: names that had to be derived, settings of pods that do not go
// together, a namespace that lets no sidecars in.
import type { Deployment } from '../../graph/plan/deployment.ts';
import type { FindingSink } from '../../graph/manifest/finding.ts';
import { PORTS } from '../../cluster/names.ts';
import type { OperatorConfig } from '../config/workload-config.ts';
import type { PlacedComponent, PlacedPredictor } from './place-predictors.ts';
import { isEntry } from './labels.ts';
import { unitAccounts } from './render-pod.ts';
import { integerAt, objectsAt, textAt } from '../../graph/plan/json-value.ts';
import { SELDON_ANNOTATIONS } from '../../graph/seldon/annotation-names.ts';

/** What the sidecars do on each of their ports. */
const SIDECAR_PORTS: ReadonlyMap<number, string> = new Map([
  [PORTS.http, 'take requests by HTTP'],
  [PORTS.grpc, 'take requests by gRPC'],
  [PORTS.status, 'tell their state'],
  [PORTS.live, 'tell what happens'],
]);
/** Characters of a label, and of the name of a Service. */
const MAX_LABEL = 63;
/** Less than this leaves a pod no time to drain, s. */
const LEAST_GRACE_SECONDS = 15;

export function warnPlacement(
  deployment: Deployment,
  predictors: readonly PlacedPredictor[],
  sink: FindingSink,
): void {
  for (const placed of predictors) {
    warnNames(deployment, placed, sink);
    for (const component of placed.components) warnPod(placed, component, sink);
    warnExplainer(placed, sink);
  }
}

/** Alibi's servers speak no TLS to the predictor, nor did they with Seldon. */
function warnExplainer({ predictor, engine }: PlacedPredictor, sink: FindingSink): void {
  const { explainer, certificate } = predictor;
  if (explainer === undefined || certificate === undefined || !engine) return;
  sink.add(
    'POD_SETTING',
    `${predictor.path}.ssl`,
    `the explainer calls ${predictor.name} without TLS, and its ports take nothing else with ssl`,
    'explain a second predictor without ssl, or leave the TLS to the gateway',
  );
}

/** What is written and needs an option of the chart. */
export function warnOptions(
  predictors: readonly PlacedPredictor[],
  { keda }: Pick<OperatorConfig, 'keda'>,
  sink: FindingSink,
): void {
  for (const { predictor, components } of predictors) {
    for (const { written, index } of components) {
      const path = `${predictor.path}.componentSpecs[${index}]`;
      if (written?.keda === undefined) continue;
      if (!keda.enabled)
        sink.add('OPTION_OFF', `${path}.kedaSpec`, 'kedaSpec has no effect: replicas stay');
      else if (written.autoscaler !== undefined)
        sink.add(
          'POD_SETTING',
          `${path}.hpaSpec`,
          'hpaSpec and kedaSpec are both set: KEDA scales, with an autoscaler of its own',
          'write one of the two',
        );
    }
  }
}

export function warnInjection(deployment: Deployment, kept: boolean, sink: FindingSink): void {
  const { namespace } = deployment;
  const path = `${deployment.path}metadata.namespace`;
  const command = `kubectl annotate namespace ${namespace} sidegraph.io/injection=enabled`;
  if (kept)
    sink.add(
      'INJECTION_REMOVED',
      path,
      `namespace ${namespace} lets no sidecars in any more; running predictors keep theirs`,
      `${command}, or delete the deployment`,
    );
  else
    sink.add(
      'INJECTION_OFF',
      path,
      `namespace ${namespace} lets no sidecars in, so nothing answers the requests`,
      command,
    );
}

function warnNames(deployment: Deployment, placed: PlacedPredictor, sink: FindingSink): void {
  const { predictor, key, components } = placed;
  const renamed = components
    .flatMap(({ containers }) => containers)
    .filter(({ name, container }) => name !== container.name)
    .map(({ name, container }) => `${container.name} as ${name}`);
  if (renamed.length > 0)
    sink.add(
      'NAME_DERIVED',
      `${predictor.path}.componentSpecs`,
      `containers run under other names: ${renamed.join(', ')}`,
      'nothing, or use names of up to 63 lower-case letters, digits and -',
    );
  const wanted =
    predictor.annotations[SELDON_ANNOTATIONS.serviceName] ?? `${deployment.name}-${predictor.name}`;
  if (key !== wanted)
    sink.add(
      'NAME_DERIVED',
      `${predictor.path}.name`,
      `the Service of ${wanted} is ${key}`,
      wanted.length > MAX_LABEL
        ? `nothing, or shorten the names: together they have ${wanted.length} characters, ${MAX_LABEL} fit`
        : undefined,
    );
}

function warnPod(placed: PlacedPredictor, component: PlacedComponent, sink: FindingSink): void {
  const { predictor } = placed;
  const path = `${predictor.path}.componentSpecs[${component.index}]`;
  const { written } = component;
  const grace = integerAt(written?.pod ?? {}, 'terminationGracePeriodSeconds');
  if (grace !== undefined && grace < LEAST_GRACE_SECONDS)
    sink.add(
      'POD_SETTING',
      `${path}.spec.terminationGracePeriodSeconds`,
      `${grace} s are too short to finish requests when a pod goes`,
      `write at least ${LEAST_GRACE_SECONDS}, or leave it out`,
    );
  const accounts = unitAccounts(component);
  const own = textAt(written?.pod ?? {}, 'serviceAccountName');
  const used = own || accounts[0];
  const left = accounts.filter((account) => account !== used);
  if (left.length > 0)
    sink.add(
      'POD_SETTING',
      `${predictor.path}.graph`,
      `a pod has one service account: ${used} is used, ${left.join(', ')} not`,
      'name one account for the units of a pod',
    );
  if (!placed.engine || !isEntry(placed, component)) return;
  const raws = objectsAt(written?.pod ?? {}, 'containers');
  for (const { container, unit } of component.containers) {
    const raw = raws.find((each) => each['name'] === container.name) ?? {};
    const declared = objectsAt(raw, 'ports').map((port) => integerAt(port, 'containerPort') ?? 0);
    const { http, grpc, metrics } = container.ports;
    const own = unit === undefined ? declared : [http, grpc, metrics, ...declared];
    for (const port of new Set(own)) {
      const use = SIDECAR_PORTS.get(port);
      if (use === undefined) continue;
      sink.add(
        'SIDECAR_PORT',
        container.path,
        `${container.name} has the port ${port}, on which the sidecars of its pod ${use}`,
        `give it another port than ${[...SIDECAR_PORTS.keys()].join(', ')}`,
      );
    }
  }
}
