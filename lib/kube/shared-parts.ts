// Gives equal parts of objects one piece of memory. Thousands of objects that one controller made are alike: probes, resources, mounts,
// whole containers. In: an object that nobody else holds; out: the same value, its small parts shared with those seen before, and
// frozen, since a change would be seen in all of them.

/** Larger ones are rarely equal. */
const MAX_KEY = 512;
/** Then all is forgotten: what is common is soon there again, and what was once is not kept for ever. */
const MAX_PARTS = 4096;

export class SharedParts {
  readonly #strings = new Map<string, string>();
  /** By content. */
  readonly #parts = new Map<string, object>();
  /** What stands for a shared part in the content of the one around it. */
  readonly #ids = new WeakMap<object, number>();
  #nextId = 0;

  share<T>(value: T): T {
    return this.#share(value) as T;
  }

  #share(value: unknown): unknown {
    if (typeof value === 'string')
      return value.length > MAX_KEY ? value : lookUp(this.#strings, value, value);
    if (typeof value !== 'object' || value === null) return value;
    const content: unknown[] = [Array.isArray(value)];
    let isShared = true;
    for (const [name, member] of Object.entries(value)) {
      const shared = this.#share(member);
      (value as Record<string, unknown>)[name] = shared;
      if (!isShared) continue;
      if (typeof shared !== 'object' || shared === null) {
        content.push(name, shared);
        continue;
      }
      const id = this.#ids.get(shared);
      if (id === undefined) isShared = false;
      else content.push(name, [id]);
    }
    if (!isShared) return value;
    const key = JSON.stringify(content);
    if (key.length > MAX_KEY) return value;
    const known = lookUp(this.#parts, key, value);
    if (known === value) {
      Object.freeze(value);
      this.#ids.set(value, this.#nextId++);
    }
    return known;
  }
}

/** What is known under that key; it is `value` from now on where nothing was. */
function lookUp<T>(known: Map<string, T>, key: string, value: T): T {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MAX_PARTS) known.clear();
  known.set(key, value);
  return value;
}
