// JSON patches (RFC 6902) written by hand, one operation for each thing that is added. Patches made by comparing two objects
// rewrite whole lists, and with them what another webhook has put there.
import { isPlainObject } from '../../graph/plan/json-value.ts';

export interface PatchOp {
  readonly op: 'add' | 'replace';
  readonly path: string;
  readonly value: unknown;
}

/** A JSON pointer (RFC 6901). */
export function pointer(...keys: readonly (string | number)[]): string {
  return keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Collects operations on one object. Parents that are missing are made once; what is there is never written over. */
export class PatchBuilder {
  readonly ops: PatchOp[] = [];
  readonly #target: unknown;
  readonly #made = new Set<string>();

  constructor(target: unknown) {
    this.#target = target;
  }

  /** Sets a field of an object, made where it is missing. */
  set(parent: readonly (string | number)[], key: string, value: unknown): void {
    this.#ensure(parent, {});
    this.ops.push({ op: 'add', path: pointer(...parent, key), value });
  }

  /** Appends to a list, made where it is missing. */
  append(list: readonly (string | number)[], value: unknown): void {
    this.#ensure(list, []);
    this.ops.push({ op: 'add', path: `${pointer(...list)}/-`, value });
  }

  #ensure(path: readonly (string | number)[], empty: object): void {
    const at = pointer(...path);
    if (this.#made.has(at) || isThere(this.#target, path)) return;
    this.#made.add(at);
    this.ops.push({ op: 'add', path: at, value: empty });
  }
}

function isThere(target: unknown, path: readonly (string | number)[]): boolean {
  let here = target;
  for (const key of path) {
    if (Array.isArray(here)) here = here[Number(key)];
    else if (isPlainObject(here) && Object.hasOwn(here, key)) here = here[key];
    else return false;
  }
  return here !== undefined && here !== null;
}
