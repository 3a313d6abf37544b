// The units of one predictor: their words, where they run, and whether they can do their work.
import { checkChildren } from './check-children.ts';
import { checkLabelName } from './check-names.ts';
import { checkParameters } from './check-parameters.ts';
import { checkServer } from './check-server.ts';
import { closestWord, didYouMean } from '../manifest/closest-word.ts';
import { isAddress } from './written.ts';
import { findAddress } from '../plan/deployment.ts';
import type { Addresses } from '../plan/deployment.ts';
import { findBuiltIn, parseServer } from '../built-ins/table.ts';
import type { FindingSink } from '../manifest/finding.ts';
import { shorten } from '../manifest/shorten.ts';
import { DIALECTS } from '../../dialects/known/dialects.ts';
import {
  LOGGER_MODES,
  METHODS,
  parseMethod,
  parseProtocol,
  parseUnitType,
  UNIT_TYPES,
} from '../plan/words.ts';
import { readSinkUrl } from '../plan/sink-url.ts';
import type { Servers } from '../plan/servers.ts';
import { listWrittenUnits } from './written.ts';
import type { WrittenDeployment, WrittenPredictor, WrittenUnit } from './written.ts';

export function checkUnits(
  deployment: WrittenDeployment,
  predictor: WrittenPredictor,
  addresses: Addresses | undefined,
  servers: Servers,
  sink: FindingSink,
): void {
  const first = new Map<string, string>();
  for (const unit of listWrittenUnits(predictor.graph)) {
    checkLabelName(unit.name, `${unit.path}.name`, sink);
    // Names become hosts, in which case does not count.
    const folded = unit.name.toLowerCase();
    const twin = first.get(folded);
    if (twin === undefined) first.set(folded, unit.path);
    else if (folded !== '')
      sink.add('UNIT_DUPLICATE', `${unit.path}.name`, `${unit.name} is also the name of ${twin}`);
    checkWords(unit, sink);
    checkLogger(unit, sink);
    checkParameters(unit, sink);
    checkChildren(unit, sink);
    const known = findAddress(addresses, predictor.name, unit.name) !== undefined;
    const hasAddress = known || isAddress(unit.endpoint);
    if (findBuiltIn(unit.implementation) !== undefined)
      checkBuiltIn(unit, deployment, predictor, sink);
    else if (parseServer(unit.implementation) !== undefined)
      checkServer(unit, deployment, predictor, hasAddress, servers, sink);
    else checkOwn(unit, predictor, hasAddress, sink);
  }
}

function checkWords(unit: WrittenUnit, sink: FindingSink): void {
  if (unit.type !== undefined && parseUnitType(unit.type) === undefined) {
    const advice = didYouMean(unit.type, UNIT_TYPES);
    const message = `the type of ${unit.name} is ${shorten(unit.type)}`;
    sink.add('UNIT_TYPE_UNKNOWN', `${unit.path}.type`, message, advice);
  }
  for (const method of unit.methods ?? []) {
    if (parseMethod(method.name) !== undefined) continue;
    const advice = didYouMean(method.name, METHODS);
    const message = `a method of ${unit.name} is ${shorten(method.name)}`;
    sink.add('METHOD_UNKNOWN', method.path, message, advice);
  }
}

function checkLogger(unit: WrittenUnit, sink: FindingSink): void {
  if (unit.logger === undefined) return;
  const { path, mode, url } = unit.logger;
  if (!LOGGER_MODES.some((known) => known === mode)) {
    const shown = mode === '' ? 'missing' : shorten(mode);
    sink.add('LOGGER_MODE', `${path}.mode`, `the mode of the logger of ${unit.name} is ${shown}`);
  }
  if (url !== '' && readSinkUrl(url) === undefined)
    sink.add('LOGGER_URL', `${path}.url`, `the sink of ${unit.name} is ${shorten(url)}`);
}

/** A unit with neither built-in nor prepackaged implementation runs somewhere, and does something. */
function checkOwn(
  unit: WrittenUnit,
  predictor: WrittenPredictor,
  hasAddress: boolean,
  sink: FindingSink,
): void {
  const isSilent = unit.type === 'UNKNOWN_TYPE' && (unit.methods ?? []).length === 0;
  if (isSilent && !sink.hasErrorsAt(`${unit.path}.methods`))
    sink.add('METHODS_MISSING', unit.path, `${unit.name} is of UNKNOWN_TYPE and has no methods`);
  const { endpoint, path } = unit;
  const ports = [endpoint?.httpPort, endpoint?.grpcPort, endpoint?.servicePort].some(Boolean);
  if (endpoint !== undefined && endpoint.host === '' && ports && !sink.hasErrorsAt(endpoint.path))
    sink.add('ENDPOINT_INCOMPLETE', endpoint.path, `${endpoint.path} names no service_host`);
  if (hasAddress || unit.name === '') return;
  if (predictor.containers.some((container) => container.name === unit.name)) return;
  if (isPlaceUnread(path, predictor, sink)) return;
  const advice = sink.isFull ? undefined : findNear(unit.name, predictor);
  sink.add('CONTAINER_MISSING', unit.path, `no container is named ${shorten(unit.name)}`, advice);
}

/** Asks for the container that a missing unit may be by a misspelt name. */
function findNear(name: string, predictor: WrittenPredictor): string | undefined {
  const containers = predictor.containers.map((container) => container.name);
  const container = closestWord(name, containers);
  return container && `did you mean the container ${container}?`;
}

/** Whether what could not be read may have been the container of a unit, or its address. */
function isPlaceUnread(unit: string, predictor: WrittenPredictor, sink: FindingSink): boolean {
  if (['implementation', 'endpoint'].some((field) => sink.hasErrorsAt(`${unit}.${field}`)))
    return true;
  const components = `${predictor.path}.componentSpecs`;
  if (!sink.hasErrorsAt(components)) return false;
  return sink.findings.some(
    ({ severity, path }) =>
      severity === 'error' &&
      path.startsWith(components) &&
      CONTAINER_NAME.test(path.slice(components.length)),
  );
}

/** Below `componentSpecs`: whatever holds the name of a container. */
const CONTAINER_NAME = /^(\[\d+\](\.spec(\.containers(\[\d+\](\.name)?)?)?)?)?$/;

function checkBuiltIn(
  unit: WrittenUnit,
  deployment: WrittenDeployment,
  predictor: WrittenPredictor,
  sink: FindingSink,
): void {
  const builtIn = findBuiltIn(unit.implementation);
  if (builtIn === undefined) return;
  const protocol = parseProtocol(deployment.protocol || 'seldon');
  if (builtIn.merge === 'average' && protocol !== undefined && !DIALECTS[protocol].hasNumbers)
    sink.add(
      'BUILT_IN_PROTOCOL',
      `${unit.path}.implementation`,
      `responses of protocol ${protocol} have no numbers for the ${builtIn.name} ${unit.name}`,
    );
  if (builtIn.policy?.learns && protocol !== undefined && !DIALECTS[protocol].takesFeedback)
    sink.add(
      'BUILT_IN_PROTOCOL',
      `${unit.path}.implementation`,
      `protocol ${protocol} has no feedback from which the ${builtIn.name} ${unit.name} could learn`,
    );
  const unused: string[] = [];
  const natural: readonly (string | undefined)[] = [undefined, 'UNKNOWN_TYPE', builtIn.type];
  if (!natural.includes(unit.type)) unused.push(`type ${shorten(unit.type ?? '')}`);
  if ((unit.methods ?? []).length > 0) unused.push('methods');
  if (isAddress(unit.endpoint)) unused.push('endpoint');
  if (predictor.containers.some((container) => container.name === unit.name))
    unused.push('container');
  if (unused.length > 0)
    sink.add(
      'BUILT_IN_IGNORES',
      unit.path,
      `${unit.name} is the built-in ${builtIn.name}: its ${unused.join(', ')} is not used`,
    );
}
