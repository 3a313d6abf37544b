// Two deployments of a namespace must not make objects of one name: `a-b` with predictor `c` and `a` with predictor `b-c` would
// both have the Service `a-b-c`. The older one keeps the name; whoever comes later is told.
import { openFindings } from '../../graph/finding.ts';
import type { Finding } from '../../graph/finding.ts';
import { isPlainObject } from '../../graph/json-value.ts';
import type { JsonObject } from './review.ts';

interface Claim {
  /** `Service a-b-c`, `path a-explainer`: what must be unique in a namespace. */
  readonly key: string;
  readonly path: string;
}

/**
 * One finding for each name of `object` that another deployment of `stored` holds. `before` is the object as it was: a name
 * that it held already is only lost to an older deployment.
 */
export function findTakenNames(
  object: JsonObject,
  name: string,
  before: JsonObject | null,
  stored: readonly JsonObject[],
): readonly Finding[] {
  const sink = openFindings('SeldonDeployment', () => undefined);
  const held = new Set(before === null ? [] : listClaims(before, name).map(({ key }) => key));
  const claims = listClaims(object, name);
  const keys = new Set(claims.map(({ key }) => key));
  const owners = new Map<string, { readonly name: string; readonly made: string }>();
  for (const other of stored) {
    const { name: otherName, made } = identityOf(other);
    if (otherName === name) continue;
    for (const { key } of listClaims(other, otherName)) {
      const known = owners.get(key);
      if (keys.has(key) && (known === undefined || made < known.made))
        owners.set(key, { name: otherName, made });
    }
  }
  const { made } = identityOf(before ?? object);
  for (const { key, path } of claims) {
    const owner = owners.get(key);
    if (owner === undefined) continue;
    const isOlder = `${owner.made}/${owner.name}` < `${made || '9'}/${name}`;
    if (held.has(key) && !isOlder) continue;
    sink.add('NAME_TAKEN', path, `the ${key} belongs to the SeldonDeployment ${owner.name}`);
  }
  return sink.findings;
}

function listClaims(object: JsonObject, name: string): Claim[] {
  const claims: Claim[] = [{ key: `path ${name}`, path: 'metadata.name' }];
  predictorsOf(object).forEach((predictor, index) => {
    const path = `spec.predictors[${index}]`;
    const predictorName = textOf(predictor['name']);
    const service = textOf(mapOf(predictor['annotations'])['seldon.io/svc-name']);
    if (service !== '')
      claims.push({ key: `Service ${service}`, path: `${path}.annotations["seldon.io/svc-name"]` });
    else if (predictorName !== '')
      claims.push({ key: `Service ${name}-${predictorName}`, path: `${path}.name` });
    listOf(predictor['componentSpecs']).forEach((component, position) => {
      listOf(mapOf(mapOf(component)['spec'])['containers']).forEach((container, at) => {
        const key = `Service ${name}-${predictorName}-${textOf(mapOf(container)['name'])}`;
        const place = `${path}.componentSpecs[${position}].spec.containers[${at}].name`;
        claims.push({ key, path: place });
      });
    });
    if (textOf(mapOf(predictor['explainer'])['type']) !== '')
      claims.push({ key: `path ${name}-explainer`, path: `${path}.explainer` });
  });
  return claims;
}

function identityOf(object: JsonObject): { name: string; made: string } {
  const metadata = mapOf(object['metadata']);
  return { name: textOf(metadata['name']), made: textOf(metadata['creationTimestamp']) };
}

function predictorsOf(object: JsonObject): readonly JsonObject[] {
  return listOf(mapOf(object['spec'])['predictors']).map((predictor) => mapOf(predictor));
}

function mapOf(value: unknown): JsonObject {
  return isPlainObject(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
