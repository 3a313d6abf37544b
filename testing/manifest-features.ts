// What a manifest of other people uses: protocols, servers, kinds of units, what pods are made of, settings. One text for each, so that
// a sample can be chosen by what it covers. In: one SeldonDeployment as written; out: its features, sorted.
import { isPlainObject, objectAt, objectsAt, textAt } from '../graph/plan/json-value.ts';
import type { JsonObject } from '../graph/plan/json-value.ts';

/** Those that change what is made of a manifest, by their key; variables of the orchestrator count as its own field. */
const ANNOTATION = /^seldon\.io\/(?!tempo|executor)/;
const VARIABLE = /^seldon\.io\/engine-(?!separate-pod)/;

export function featuresOf(deployment: JsonObject): readonly string[] {
  const features = new Set<string>();
  const add = (...names: readonly string[]): void => {
    for (const name of names) features.add(name);
  };
  const spec = objectAt(deployment, 'spec');
  const metadata = objectAt(deployment, 'metadata');
  const protocol = protocolOf(spec);
  add(`api ${textAt(deployment, 'apiVersion').split('/')[1] ?? ''}`, `protocol ${protocol}`);
  for (const field of ['transport', 'serverType'])
    if (textAt(spec, field) !== '') add(`${field} ${textAt(spec, field)}`);
  add(...annotationsOf(metadata), ...annotationsOf(spec));
  const predictors = objectsAt(spec, 'predictors');
  if (predictors.length > 1) add(`${predictors.length} predictors`);
  for (const predictor of predictors) add(...predictorFeatures(predictor, protocol));
  return [...features].sort();
}

/** `kfserving` is the old name of `v2`. */
export function protocolOf(spec: JsonObject): string {
  const written = textAt(spec, 'protocol') || 'seldon';
  return written === 'kfserving' ? 'v2' : written;
}

function predictorFeatures(predictor: JsonObject, protocol: string): string[] {
  const features = [...annotationsOf(predictor)];
  for (const field of ['engineResources', 'svcOrchSpec', 'ssl', 'labels'])
    if (isPlainObject(predictor[field])) features.push(field);
  if (predictor['shadow'] === true) features.push('shadow');
  if (predictor['traffic'] !== undefined) features.push('traffic');
  if (Number(predictor['replicas'] ?? 1) !== 1) features.push('replicas');
  const type = textAt(objectAt(predictor, 'explainer'), 'type');
  if (type !== '') features.push(`explainer ${type}`, `explainer in ${protocol}`);
  const components = objectsAt(predictor, 'componentSpecs');
  if (components.length > 1) features.push('several componentSpecs');
  for (const component of components) features.push(...componentFeatures(component));
  features.push(...unitFeatures(objectAt(predictor, 'graph'), protocol, 1));
  return features;
}

function unitFeatures(unit: JsonObject, protocol: string, depth: number): string[] {
  const features: string[] = [];
  const server = textAt(unit, 'implementation');
  if (server !== '') features.push(`${server} in ${protocol}`);
  const type = textAt(unit, 'type');
  if (type !== '') features.push(`${type} in ${protocol}`);
  const endpoint = textAt(objectAt(unit, 'endpoint'), 'type');
  if (endpoint !== '') features.push(`endpoint ${endpoint}`);
  for (const field of ['envSecretRefName', 'serviceAccountName', 'storageInitializerImage'])
    if (textAt(unit, field) !== '') features.push(field);
  const uri = textAt(unit, 'modelUri');
  if (uri !== '') features.push(`model in ${uri.split(':')[0]?.replace(/\W.*/, '') ?? ''}`);
  if (objectsAt(unit, 'parameters').length > 0) features.push(`parameters in ${protocol}`);
  if (isPlainObject(unit['logger']))
    features.push(`logger ${textAt(unit['logger'], 'mode') || 'all'} in ${protocol}`);
  const children = objectsAt(unit, 'children');
  if (children.length > 0) features.push(`${children.length} children in ${protocol}`);
  else features.push(`depth ${Math.min(depth, 3)} in ${protocol}`);
  if (/[^a-z0-9-]/.test(textAt(unit, 'name'))) features.push('a name that Kubernetes refuses');
  return [...features, ...children.flatMap((child) => unitFeatures(child, protocol, depth + 1))];
}

function componentFeatures(component: JsonObject): string[] {
  const spec = objectAt(component, 'spec');
  const features = ['hpaSpec', 'kedaSpec', 'pdbSpec', 'replicas']
    .filter((field) => component[field] !== undefined)
    .map((field) => `${field} of a component`);
  if (isPlainObject(component['metadata'])) features.push('metadata of a component');
  for (const field of Object.keys(spec)) if (field !== 'containers') features.push(`pod ${field}`);
  for (const volume of objectsAt(spec, 'volumes'))
    for (const kind of Object.keys(volume)) if (kind !== 'name') features.push(`volume ${kind}`);
  const containers = objectsAt(spec, 'containers');
  if (containers.length > 1) features.push('several containers');
  for (const container of containers) features.push(...containerFeatures(container));
  return features;
}

function containerFeatures(container: JsonObject): string[] {
  const features = Object.keys(container)
    .filter((field) => field !== 'name' && field !== 'image')
    .map((field) => `container ${field}`);
  if (textAt(container, 'image') === '') features.push('container without an image');
  const policy = textAt(container, 'imagePullPolicy');
  if (policy !== '') features.push(`imagePullPolicy ${policy}`);
  for (const entry of objectsAt(container, 'env'))
    if (isPlainObject(entry['valueFrom']))
      features.push(...Object.keys(entry['valueFrom']).map((from) => `env ${from}`));
  if (JSON.stringify(container['resources'] ?? {}).includes('nvidia.com/gpu')) features.push('GPU');
  return features;
}

function annotationsOf(holder: JsonObject): string[] {
  return Object.keys(objectAt(holder, 'annotations'))
    .filter((key) => ANNOTATION.test(key))
    .map((key) => (VARIABLE.test(key) ? 'svcOrchSpec' : `annotation ${key}`));
}
