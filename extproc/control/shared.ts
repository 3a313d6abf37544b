// Work that whoever can reach a port may ask for as often as they like: those who ask while it is under way get what comes of it.

export class Shared<T> {
  readonly #underWay = new Map<string, Promise<T>>();

  /** What `make` resolves to; for one `key` it is never called again before it has settled. */
  ask(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#underWay.get(key);
    if (known !== undefined) return known;
    const made = make().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, made);
    return made;
  }
}
