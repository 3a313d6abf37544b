// What a reflector knows of one kind: the newest version of each object by `namespace/name`, with indexes by the uid of
// an owner and by the value of a label. Readers get the stored objects themselves and must not change them.
import { type KubeObject, keyOf } from './object.ts';

export interface ReadonlyStore {
  readonly size: number;
  get(key: string): KubeObject | undefined;
  keys(): IterableIterator<string>;
  values(): IterableIterator<KubeObject>;
  /** All objects that name this uid among their ownerReferences. */
  ownedBy(uid: string): readonly KubeObject[];
  /** All objects with this label; the label must be among those that the store was made for. */
  labelled(label: string, value: string): readonly KubeObject[];
  inNamespace(namespace: string): readonly KubeObject[];
}

export type Change =
  | { readonly type: 'added'; readonly key: string; readonly object: KubeObject }
  | {
      readonly type: 'modified';
      readonly key: string;
      readonly object: KubeObject;
      readonly before: KubeObject;
    }
  /** `object` is the last version that was seen. */
  | { readonly type: 'deleted'; readonly key: string; readonly object: KubeObject };

export class Store implements ReadonlyStore {
  readonly #objects = new Map<string, KubeObject>();
  readonly #owners = new Index((object) =>
    (object.metadata.ownerReferences ?? []).map((owner) => owner.uid),
  );
  readonly #namespaces = new Index((object) => [object.metadata.namespace ?? '']);
  readonly #labels: ReadonlyMap<string, Index>;

  constructor(indexedLabels: readonly string[] = []) {
    this.#labels = new Map(
      indexedLabels.map((label) => [
        label,
        new Index((object) => {
          const value = object.metadata.labels?.[label];
          return value === undefined ? [] : [value];
        }),
      ]),
    );
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  values(): IterableIterator<KubeObject> {
    return this.#objects.values();
  }

  ownedBy(uid: string): readonly KubeObject[] {
    return this.#read(this.#owners, uid);
  }

  inNamespace(namespace: string): readonly KubeObject[] {
    return this.#read(this.#namespaces, namespace);
  }

  labelled(label: string, value: string): readonly KubeObject[] {
    const index = this.#labels.get(label);
    if (index === undefined) throw new Error(`the store has no index of the label ${label}`);
    return this.#read(index, value);
  }

  /** Undefined where this very version is here already. */
  put(object: KubeObject): Change | undefined {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before !== undefined && isSameVersion(before, object)) return undefined;
    this.#reindex(key, before, object);
    this.#objects.set(key, object);
    return before === undefined
      ? { type: 'added', key, object }
      : { type: 'modified', key, object, before };
  }

  remove(key: string, last?: KubeObject): Change | undefined {
    const before = this.#objects.get(key);
    if (before === undefined) return undefined;
    this.#reindex(key, before, undefined);
    this.#objects.delete(key);
    return { type: 'deleted', key, object: last ?? before };
  }

  /** Makes the store equal to a fresh list and tells what differed. */
  replaceAll(objects: readonly KubeObject[]): Change[] {
    const changes: Change[] = [];
    const fresh = new Set(objects.map((object) => keyOf(object)));
    for (const key of [...this.#objects.keys()].filter((known) => !fresh.has(known))) {
      const change = this.remove(key);
      if (change !== undefined) changes.push(change);
    }
    for (const object of objects) {
      const change = this.put(object);
      if (change !== undefined) changes.push(change);
    }
    return changes;
  }

  #reindex(key: string, before: KubeObject | undefined, after: KubeObject | undefined): void {
    for (const index of [this.#owners, this.#namespaces, ...this.#labels.values()])
      index.move(key, before, after);
  }

  #read(index: Index, value: string): readonly KubeObject[] {
    const found: KubeObject[] = [];
    for (const key of index.keys(value)) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }
}

class Index {
  readonly #valuesOf: (object: KubeObject) => readonly string[];
  readonly #keys = new Map<string, Set<string>>();

  constructor(valuesOf: (object: KubeObject) => readonly string[]) {
    this.#valuesOf = valuesOf;
  }

  keys(value: string): Iterable<string> {
    return this.#keys.get(value) ?? [];
  }

  move(key: string, before: KubeObject | undefined, after: KubeObject | undefined): void {
    for (const value of before === undefined ? [] : this.#valuesOf(before)) {
      const keys = this.#keys.get(value);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(value);
    }
    for (const value of after === undefined ? [] : this.#valuesOf(after)) {
      const keys = this.#keys.get(value);
      if (keys === undefined) this.#keys.set(value, new Set([key]));
      else keys.add(key);
    }
  }
}

function isSameVersion(one: KubeObject, other: KubeObject): boolean {
  const version = one.metadata.resourceVersion;
  return (
    version !== undefined &&
    version === other.metadata.resourceVersion &&
    one.metadata.uid === other.metadata.uid
  );
}
