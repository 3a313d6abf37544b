// Two deployments of a namespace must not make objects of one name: `a-b` with predictor `c` and `a` with predictor `b-c` would
// both have the Service `a-b-c`. The older one keeps the name; whoever comes later is told.
import { openFindings } from '../../graph/manifest/finding.ts';
import type { Finding } from '../../graph/manifest/finding.ts';
import { isPlainObject } from '../../graph/plan/json-value.ts';
import { SELDON_ANNOTATIONS } from '../../cluster/names.ts';
import { containerServiceName, explainerName, serviceLabel } from '../../cluster/object-names.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';

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
    const service = textOf(mapOf(predictor['annotations'])[SELDON_ANNOTATIONS.serviceName]);
    if (service !== '') {
      const place = `${path}.annotations["${SELDON_ANNOTATIONS.serviceName}"]`;
      claims.push({ key: `Service ${serviceLabel(service)}`, path: place });
    } else if (predictorName !== '') {
      const key = `Service ${serviceLabel(`${name}-${predictorName}`)}`;
      claims.push({ key, path: `${path}.name` });
    }
    // Containers that are no units have no Service.
    for (const unit of listUnitNames(predictor['graph'])) {
      const key = `Service ${containerServiceName(name, predictorName, unit.name)}`;
      claims.push({ key, path: `${path}.graph${unit.path}.name` });
    }
    if (textOf(mapOf(predictor['explainer'])['type']) !== '')
      claims.push(
        { key: `path ${name}-explainer`, path: `${path}.explainer` },
        { key: `Service ${explainerName(name, predictorName)}`, path: `${path}.explainer` },
      );
  });
  return claims;
}

/** Deeper graphs are refused by the checks. */
const MAX_DEPTH = 40;

function listUnitNames(
  unit: unknown,
  path = '',
  depth = 0,
): { readonly name: string; readonly path: string }[] {
  const { name, children } = mapOf(unit);
  if (depth > MAX_DEPTH) return [];
  const behind = Array.isArray(children)
    ? children.flatMap((child, index) =>
        listUnitNames(child, `${path}.children[${index}]`, depth + 1),
      )
    : children === undefined
      ? []
      : listUnitNames(children, `${path}.children`, depth + 1);
  return textOf(name) === '' ? behind : [{ name: textOf(name), path }, ...behind];
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
