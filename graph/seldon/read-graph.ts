// Reads the graph of a predictor: units and their children, a list or, as in old articles, a single object.
import { describeType, isPlainObject } from '../plan/json-value.ts';
import { ENDPOINT_FIELDS, LOGGER_FIELDS, PARAMETER_FIELDS, UNIT_FIELDS } from './known-fields.ts';
import { MANIFEST_LIMITS } from '../plan/limits.ts';
import { openFields } from './read-fields.ts';
import type { Fields, Item } from './read-fields.ts';
import type { WrittenEndpoint, WrittenParameter, WrittenUnit } from './written.ts';

const { maxReferenceLength, maxParameterLength, maxWordLength } = MANIFEST_LIMITS;

/** Units that may still be read; a graph of aliases can name more units than the file has lines. */
interface Budget {
  units: number;
  told: boolean;
}

export function readGraph(predictor: Fields): WrittenUnit | undefined {
  const path = predictor.at('graph');
  if (!predictor.has('graph')) {
    predictor.sink.add('FIELD_MISSING', path, `${predictor.path} has no graph`);
    return undefined;
  }
  const raw = predictor.object('graph');
  const budget = { units: MANIFEST_LIMITS.maxUnits, told: false };
  return raw === undefined ? undefined : readUnit({ value: raw, path }, 1, budget, predictor.sink);
}

function readUnit(
  item: Item,
  depth: number,
  budget: Budget,
  sink: Fields['sink'],
): WrittenUnit | undefined {
  budget.units -= 1;
  if (budget.units < 0 || depth > MANIFEST_LIMITS.maxGraphDepth) {
    const { maxUnits, maxGraphDepth } = MANIFEST_LIMITS;
    const message = `the graph has over ${maxUnits} units or nests over ${maxGraphDepth} levels`;
    if (!budget.told) sink.add('GRAPH_TOO_LARGE', item.path, message);
    budget.told = true;
    return undefined;
  }
  const unit = openFields(item.value, item.path, UNIT_FIELDS, sink);
  if (unit === undefined) return undefined;
  const methods = unit.has('methods') ? readMethods(unit) : undefined;
  return {
    path: unit.path,
    name: unit.requiredText('name'),
    type: unit.word('type') || undefined,
    implementation: unit.word('implementation') || undefined,
    methods,
    parameters: readParameters(unit),
    modelUri: unit.text('modelUri', maxReferenceLength) ?? '',
    serviceAccountName: unit.word('serviceAccountName') ?? '',
    envSecretRefName: unit.word('envSecretRefName') ?? '',
    storageInitializerImage: unit.text('storageInitializerImage', maxReferenceLength) ?? '',
    endpoint: readEndpoint(unit),
    logger: readLogger(unit),
    children: childItems(unit).flatMap((child) => readUnit(child, depth + 1, budget, sink) ?? []),
  };
}

/** The paths are as the user wrote: `children[0]` for a list, `children` for a single object. */
function childItems(unit: Fields): readonly Item[] {
  if (!unit.has('children')) return [];
  const single = unit.peek('children');
  if (isPlainObject(single)) return [{ value: single, path: unit.at('children') }];
  if (Array.isArray(single)) return unit.list('children');
  const message = `${unit.at('children')} is ${describeType(single)}, not a list`;
  unit.sink.add('FIELD_WRONG_TYPE', unit.at('children'), message, 'write a list of units');
  return [];
}

function readMethods(unit: Fields): WrittenUnit['methods'] {
  return unit.list('methods').flatMap(({ value, path }) => {
    if (typeof value === 'string') return [{ name: value.slice(0, maxWordLength), path }];
    const message = `${path} is ${describeType(value)}, not a string`;
    unit.sink.add('FIELD_WRONG_TYPE', path, message, 'write the name of a method');
    return [];
  });
}

function readParameters(unit: Fields): WrittenParameter[] {
  const parameters: WrittenParameter[] = [];
  for (const item of unit.list('parameters')) {
    const entry = openFields(item.value, item.path, PARAMETER_FIELDS, unit.sink);
    if (entry === undefined) continue;
    const name = entry.requiredText('name');
    const value = entry.text('value', maxParameterLength) ?? '';
    parameters.push({ path: entry.path, name, value, type: entry.word('type') ?? '' });
  }
  return parameters;
}

function readEndpoint(unit: Fields): WrittenEndpoint | undefined {
  const raw = unit.object('endpoint');
  const endpoint = raw && openFields(raw, unit.at('endpoint'), ENDPOINT_FIELDS, unit.sink);
  if (endpoint === undefined) return undefined;
  // Stored objects of old operators hold 0 for "not set".
  const port = (field: string): number | undefined =>
    endpoint.integer(field, 0, 65_535) || undefined;
  return {
    path: endpoint.path,
    host: endpoint.text('service_host', maxReferenceLength) ?? '',
    type: endpoint.word('type') ?? '',
    servicePort: port('service_port'),
    httpPort: port('httpPort'),
    grpcPort: port('grpcPort'),
  };
}

function readLogger(unit: Fields): WrittenUnit['logger'] {
  const raw = unit.object('logger');
  const logger = raw && openFields(raw, unit.at('logger'), LOGGER_FIELDS, unit.sink);
  if (logger === undefined) return undefined;
  const url = logger.text('url', maxReferenceLength) ?? '';
  return { path: logger.path, mode: logger.word('mode') ?? '', url };
}
