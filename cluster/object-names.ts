// The names of objects as Seldon's operator makes them, and what becomes of those that Kubernetes would refuse. Everything
// else (selectors, addresses, status) follows from them, so they depend on the SeldonDeployment alone.
import { createHash } from 'node:crypto';
import type { Container, Predictor } from '../graph/plan/deployment.ts';
import { SELDON_LABELS } from './names.ts';
import { SELDON_ANNOTATIONS } from '../graph/seldon/annotation-names.ts';

const MAX_LABEL = 63;
/** RFC 1123: names of containers, and of Deployments, whose name is also a label and part of host names. */
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
/** RFC 1035: names of Services. */
const SERVICE_LABEL = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/;

/** `seldon-<md5>`, Seldon's way out for a name that is too long. */
export function hashName(name: string): string {
  return `seldon-${md5(name)}`;
}

export function labelValue(text: string): string {
  return text.length <= MAX_LABEL && LABEL_VALUE.test(text) ? text : hashName(text);
}

/** A name of a Service: as it is, or hashed. */
export function serviceLabel(name: string): string {
  return name.length <= MAX_LABEL && SERVICE_LABEL.test(name) ? name : hashName(name);
}

/** A name of a Deployment: as it is, or hashed. */
export function deploymentLabel(name: string): string {
  return name.length <= MAX_LABEL && DNS_LABEL.test(name) ? name : hashName(name);
}

/** The predictor's key: name of its Service and value of the label `seldon-app`. */
export function predictorKey(deployment: string, predictor: Predictor): string {
  const own = predictor.annotations[SELDON_ANNOTATIONS.serviceName] ?? '';
  return serviceLabel(own === '' ? `${deployment}-${predictor.name}` : own);
}

/** Of an explainer's Deployment and Service. */
export function explainerName(deployment: string, predictor: string): string {
  return serviceLabel(`${deployment}-${predictor}-explainer`);
}

export function componentName(
  deployment: string,
  predictor: string,
  component: number,
  containers: readonly string[],
): string {
  return deploymentLabel([deployment, predictor, String(component), ...containers].join('-'));
}

export function containerServiceName(
  deployment: string,
  predictor: string,
  container: string,
): string {
  return serviceLabel(`${deployment}-${predictor}-${container}`);
}

/** Key of the label by which a container's Service finds its pods; the part after the slash-less prefix is bounded too. */
export function containerServiceKey(container: string): string {
  const key = `${SELDON_LABELS.appServicePrefix}${container}`;
  return key.length <= MAX_LABEL ? key : `${SELDON_LABELS.appServicePrefix}${md5(container)}`;
}

/** A name made of a container's name and a suffix; hashed where it would be too long. */
export function suffixedName(container: string, suffix: string): string {
  const name = `${container}${suffix}`;
  return name.length <= MAX_LABEL ? name : `${md5(container)}${suffix}`;
}

/**
 * Container name of each name that was written: itself where Kubernetes takes it, else lower case with `-`; where two
 * would meet, with a hash. The unit keeps the name that was written.
 */
export function containerNames(containers: readonly Container[]): ReadonlyMap<string, string> {
  const written = new Set(containers.map(({ name }) => name));
  const wanted = new Map<string, number>();
  for (const name of written) {
    const derived = deriveLabel(name);
    wanted.set(derived, (wanted.get(derived) ?? 0) + 1);
  }
  return new Map(
    [...written].map((name) => {
      const derived = deriveLabel(name);
      if (derived === name || wanted.get(derived) === 1) return [name, derived];
      return [name, `${derived.slice(0, MAX_LABEL - 9)}-${md5(name).slice(0, 8)}`];
    }),
  );
}

function deriveLabel(name: string): string {
  if (name.length <= MAX_LABEL && DNS_LABEL.test(name)) return name;
  const label = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, MAX_LABEL)
    .replace(/^-+/, '')
    .replace(/^(.*[^-])?-*$/, '$1');
  return label === '' ? md5(name) : label;
}

/** Hands out names of one kind: whoever asks for one that is taken gets it hashed with what makes it its own. */
export class NameClaims {
  readonly #taken = new Set<string>();

  claim(name: string, identity: string): string {
    let free = name;
    for (let round = 0; this.#taken.has(free); round += 1)
      free = hashName(`${identity}/${name}/${round}`);
    this.#taken.add(free);
    return free;
  }
}

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
