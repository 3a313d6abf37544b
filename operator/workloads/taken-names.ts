// Two deployments of a namespace must not make objects of one name: `a-b` with predictor `c` and `a` with predictor `b-c` would
// both have the Service `a-b-c`. The older one keeps the name; whoever comes later is told.
import { openFindings } from '../../graph/manifest/finding.ts';
import type { Finding } from '../../graph/manifest/finding.ts';
import { objectAt, textAt } from '../../graph/plan/json-value.ts';
import { listStoredUnits, readStored } from '../../graph/seldon/read-stored.ts';
import { containerServiceName, explainerName, serviceLabel } from '../../cluster/object-names.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { SELDON_ANNOTATIONS } from '../../graph/seldon/annotation-names.ts';

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
  before: JsonObject | undefined,
  stored: readonly JsonObject[],
): readonly Finding[] {
  const sink = openFindings('SeldonDeployment', () => undefined);
  const held = new Set(before === undefined ? [] : listClaims(before, name).map(({ key }) => key));
  const claims = listClaims(object, name);
  const keys = new Set(claims.map(({ key }) => key));
  const owners = new Map<string, { readonly name: string; readonly made: string }>();
  for (const other of stored) {
    const { name: otherName, made } = identityOf(other);
    if (otherName === name) continue;
    for (const { key } of claimsOf(other, otherName)) {
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

/** What is stored never changes in place, so each version of an object is read once. */
const STORED = new WeakMap<JsonObject, readonly Claim[]>();

function claimsOf(stored: JsonObject, name: string): readonly Claim[] {
  let claims = STORED.get(stored);
  if (claims === undefined) {
    claims = listClaims(stored, name);
    STORED.set(stored, claims);
  }
  return claims;
}

function listClaims(object: JsonObject, name: string): Claim[] {
  const claims: Claim[] = [{ key: `path ${name}`, path: 'metadata.name' }];
  for (const predictor of readStored(object)?.predictors ?? []) {
    const { path, annotations, explainer } = predictor;
    const service = annotations[SELDON_ANNOTATIONS.serviceName] ?? '';
    if (service !== '') {
      const place = `${path}.annotations["${SELDON_ANNOTATIONS.serviceName}"]`;
      claims.push({ key: `Service ${serviceLabel(service)}`, path: place });
    } else if (predictor.name !== '') {
      const key = `Service ${serviceLabel(`${name}-${predictor.name}`)}`;
      claims.push({ key, path: `${path}.name` });
    }
    // Containers that are no units have no Service.
    for (const unit of listStoredUnits(predictor)) {
      if (unit.name === '') continue;
      const key = `Service ${containerServiceName(name, predictor.name, unit.name)}`;
      claims.push({ key, path: `${unit.path}.name` });
    }
    if (explainer !== undefined)
      claims.push(
        { key: `path ${name}-explainer`, path: explainer.path },
        { key: `Service ${explainerName(name, predictor.name)}`, path: explainer.path },
      );
  }
  return claims;
}

function identityOf(object: JsonObject): { name: string; made: string } {
  const metadata = objectAt(object, 'metadata');
  return { name: textAt(metadata, 'name'), made: textAt(metadata, 'creationTimestamp') };
}
