// Judges a deployment as it was written: every rule of Seldon's webhook (reference: `seldondeployment_webhook.go`) and those
// that it forgot. All findings at once; nothing is changed.
import { checkUnitProtocols } from './check-unit-protocols.ts';
import { PROTOCOL_WORDS } from '../plan/words.ts';
import { checkDeploymentAnnotations, checkPredictorAnnotations } from './check-annotations.ts';
import { checkImages } from './check-images.ts';
import type { Images } from './check-images.ts';
import { checkContainers } from './check-containers.ts';
import { checkAddresses, checkEndpoints } from './check-endpoints.ts';
import { checkDeploymentName, checkLabelName } from './check-names.ts';
import { checkSinkVariables } from './check-payload-logs.ts';
import { checkRedactions } from './check-redaction.ts';
import { checkTraffic } from './check-traffic.ts';
import { checkUnits } from './check-units.ts';
import { didYouMean } from '../manifest/closest-word.ts';
import type { Addresses } from '../plan/deployment.ts';
import type { FindingSink } from '../manifest/finding.ts';
import type { FindingCode } from '../manifest/finding-codes.ts';
import { checkFields } from '../pod/check-fields.ts';
import { checkPod, checkResources } from '../pod/check-pod.ts';
import { shorten } from '../manifest/shorten.ts';
import type { Servers } from '../plan/servers.ts';
import { listWrittenUnits } from './written.ts';
import { findTracingFaults } from './tracing.ts';
import type { PortedDeployment, WrittenDeployment, WrittenPredictor } from './written.ts';
import { SELDON_ANNOTATIONS } from './annotation-names.ts';

const TRANSPORTS = ['rest', 'grpc'];
const SERVER_TYPES = ['rpc', 'kafka'];

/** `addresses` are the units that are known from elsewhere. */
export function checkDeployment(
  deployment: PortedDeployment,
  addresses: Addresses | undefined,
  servers: Servers,
  images: Images,
  sink: FindingSink,
): void {
  const spec = `${deployment.path}spec`;
  checkDeploymentName(deployment, sink);
  checkWord(deployment.protocol, PROTOCOL_WORDS, 'PROTOCOL_UNKNOWN', `${spec}.protocol`, sink);
  checkWord(deployment.transport, TRANSPORTS, 'TRANSPORT_UNKNOWN', `${spec}.transport`, sink);
  checkWord(deployment.serverType, SERVER_TYPES, 'SERVER_TYPE_UNKNOWN', `${spec}.serverType`, sink);
  checkServed(deployment, spec, sink);
  checkDeploymentAnnotations(deployment, sink);
  checkRedactions(deployment, sink);
  checkPredictorNames(deployment, sink);
  checkTraffic(deployment, sink);
  checkEndpoints(deployment, sink);
  for (const predictor of deployment.predictors) {
    checkPredictorAnnotations(predictor, sink);
    checkNoEngine(predictor, sink);
    checkTracing(predictor, sink);
    checkSinkVariables(predictor, sink);
    checkContainers(predictor.ported, sink);
    checkImages(predictor, { images, addresses }, sink);
    checkAddresses(predictor, deployment.name, sink);
    checkUnitProtocols(deployment, predictor, sink);
    checkUnits(deployment, predictor, addresses, servers, sink);
    for (const pod of predictor.pods) checkPod(pod, sink);
    checkOrchestrator(predictor, sink);
    checkExplainer(predictor, sink);
  }
}

/** Its name is optional here, and made for it. */
function checkExplainer({ explainer }: WrittenPredictor, sink: FindingSink): void {
  if (explainer === undefined) return;
  const { raw, container } = explainer;
  checkFields({ ...raw, name: raw['name'] || 'explainer' }, 'Container', container.path, sink);
}

/** It becomes a part of the filter's container. */
function checkOrchestrator(predictor: WrittenPredictor, sink: FindingSink): void {
  const { orchestrator, engineResources } = predictor;
  if (engineResources !== undefined) {
    const { path, value } = engineResources;
    checkFields(value, 'ResourceRequirements', path, sink);
    checkResources(value, path, sink);
  }
  if (orchestrator === undefined) return;
  const { path, value } = orchestrator;
  const { env, resources } = value;
  const container = { name: 'filter', ...(env === undefined ? {} : { env }) };
  checkFields(container, 'Container', path, sink);
  checkFields(resources, 'ResourceRequirements', `${path}.resources`, sink);
  checkResources(resources, `${path}.resources`, sink);
}

/** A word of a closed list; '' is the default and always right. */
function checkWord(
  word: string,
  known: readonly string[],
  code: FindingCode,
  path: string,
  sink: FindingSink,
): void {
  if (word === '' || known.includes(word)) return;
  const advice = didYouMean(word, known);
  sink.add(code, path, `${path} is ${shorten(word)}`, advice);
}

function checkServed(deployment: WrittenDeployment, spec: string, sink: FindingSink): void {
  if (deployment.serverType === 'kafka')
    sink.add(
      'KAFKA_NOT_SERVED',
      `${spec}.serverType`,
      'serverType kafka is not served: requests come by REST and gRPC only',
    );
}

function checkPredictorNames(deployment: WrittenDeployment, sink: FindingSink): void {
  const first = new Map<string, WrittenPredictor>();
  const services = new Map<string, WrittenPredictor>();
  for (const predictor of deployment.predictors) {
    const path = `${predictor.path}.name`;
    checkLabelName(predictor.name, path, sink);
    const folded = predictor.name.toLowerCase();
    const twin = first.get(folded);
    if (twin === undefined) first.set(folded, predictor);
    else if (folded !== '')
      sink.add('PREDICTOR_DUPLICATE', path, `${predictor.name} is also the name of ${twin.path}`);
    const service = predictor.annotations[SELDON_ANNOTATIONS.serviceName];
    if (service === undefined) continue;
    const other = services.get(service);
    if (other === undefined) services.set(service, predictor);
    else
      sink.add(
        'SERVICE_NAME_DUPLICATE',
        `${predictor.path}.annotations["${SELDON_ANNOTATIONS.serviceName}"]`,
        `${shorten(service)} is also the service name of ${other.path}`,
      );
  }
}

function checkTracing(predictor: WrittenPredictor, sink: FindingSink): void {
  const variables = Object.fromEntries(
    predictor.orchestratorEnv.flatMap((entry) =>
      entry.kind === 'value' ? [[entry.name, entry.value]] : [],
    ),
  );
  for (const { variable, what, advice } of findTracingFaults(variables))
    sink.add('TRACING_INVALID', `${predictor.path}.svcOrchSpec.env`, `${variable} ${what}`, advice);
}

/** The webhook looks only whether the annotation is there, whatever its value. */
function checkNoEngine(predictor: WrittenPredictor, sink: FindingSink): void {
  if (predictor.annotations[SELDON_ANNOTATIONS.noEngine] === undefined) return;
  const count = listWrittenUnits(predictor.graph).length;
  if (count > 1)
    sink.add(
      'NO_ENGINE_GRAPH',
      `${predictor.path}.graph`,
      `seldon.io/no-engine on a graph of ${count} units`,
    );
}
