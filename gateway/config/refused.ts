// What Envoy refuses of deployments, so that it is not sent again until it changes. A form is known by what is in the route
// table, not by the addresses of pods.
import type { DeploymentPart } from './deployment-part.ts';

/** Forms of one deployment that are remembered; older ones are tried again. */
const MAX_FORMS = 8;
const MAX_REASON_LENGTH = 400;

export class RefusedForms {
  readonly #forms = new Map<string, readonly string[]>();
  readonly #reasons = new Map<string, string>();

  add(key: string, part: DeploymentPart, reason: string): void {
    const known = this.#forms.get(key) ?? [];
    this.#forms.set(key, [...known, formOf(part)].slice(-MAX_FORMS));
    this.addReason(key, reason);
  }

  /** Why, where nothing of it could be rendered. */
  addReason(key: string, reason: string): void {
    const words = reason.replaceAll(/\s+/g, ' ');
    // The end of Envoy's words says what is wrong.
    const end = words.length > MAX_REASON_LENGTH ? `…${words.slice(-MAX_REASON_LENGTH)}` : words;
    this.#reasons.set(key, end);
  }

  has(key: string, part: DeploymentPart): boolean {
    const forms = this.#forms.get(key);
    return forms !== undefined && forms.includes(formOf(part));
  }

  forget(key: string): void {
    this.#forms.delete(key);
    this.#reasons.delete(key);
  }

  /** By `namespace/name`. */
  reasons(): ReadonlyMap<string, string> {
    return this.#reasons;
  }
}

function formOf({ served, rest, grpc, explainers }: DeploymentPart): string {
  return JSON.stringify([served, rest, grpc, explainers]);
}
