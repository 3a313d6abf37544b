// What waits, served namespace by namespace: the first of one, then the first of the next. So whoever fills the queue from one
// namespace makes that one wait, and others no longer than for one of each.

export class FairQueue<T> {
  /** Items by namespace, none of them empty; the namespace whose turn it is comes first. */
  readonly #lines = new Map<string, T[]>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(namespace: string, item: T): void {
    const line = this.#lines.get(namespace);
    if (line === undefined) this.#lines.set(namespace, [item]);
    else line.push(item);
    this.#length += 1;
  }

  /** The next one; its namespace goes to the end. */
  shift(): T | undefined {
    const [first] = this.#lines;
    if (first === undefined) return undefined;
    const [namespace, line] = first;
    const item = line.shift();
    this.#lines.delete(namespace);
    if (line.length > 0) this.#lines.set(namespace, line);
    this.#length -= 1;
    return item;
  }

  /** Takes back what came last from the namespace that has most, if that is more than `namespace` would have with one more. */
  yieldTo(namespace: string): T | undefined {
    let longest: readonly [string, T[]] | undefined;
    for (const entry of this.#lines)
      if (longest === undefined || entry[1].length > longest[1].length) longest = entry;
    if (longest === undefined) return undefined;
    const [name, line] = longest;
    if (line.length <= (this.#lines.get(namespace)?.length ?? 0) + 1) return undefined;
    const item = line.pop();
    if (line.length === 0) this.#lines.delete(name);
    this.#length -= 1;
    return item;
  }
}
