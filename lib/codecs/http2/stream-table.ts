// The open streams of a connection by their ids: a table with linear probing. Why not a Map: one that is filled and emptied all
// the time is made anew every few streams, and each old one refers to the next, and holds the streams that were open then. Once V8
// has moved one of them to the old generation, all later ones are taken for reachable until the next full collection, and are
// moved too: of a gRPC call a quarter of what it allocates (`extproc/process/garbage.test.ts`).

const FIRST_PLACES = 32;
/** 2^32 by the golden ratio: numbers that follow each other come to lie far from each other. */
const SCATTER = 0x9e37_79b1;

export class StreamTable<Stream extends { readonly id: number }> {
  size = 0;
  /**
   * A power of two; a stream is at the place of its id, or where the first free one follows. At most half are taken. Ids rise: side by
   * side they would be one long row, which is walked to its end for each stream that leaves it.
   */
  #places: (Stream | undefined)[] = emptyPlaces(FIRST_PLACES);

  get(id: number): Stream | undefined {
    const places = this.#places;
    const mask = places.length - 1;
    for (let at = placeOf(id, mask); ; at = (at + 1) & mask) {
      const stream = places[at];
      if (stream === undefined || stream.id === id) return stream;
    }
  }

  /** Adds a stream whose id is in no open one. */
  add(stream: Stream): void {
    if (2 * (this.size + 1) > this.#places.length) this.#resize(2 * this.#places.length);
    this.size++;
    put(this.#places, stream);
  }

  /** False when there was no such stream. */
  delete(id: number): boolean {
    const places = this.#places;
    const mask = places.length - 1;
    let free = placeOf(id, mask);
    for (; ; free = (free + 1) & mask) {
      const stream = places[free];
      if (stream === undefined) return false;
      if (stream.id === id) break;
    }
    this.size--;
    // Those that follow without a gap move up, unless the free place is before their own.
    for (let at = (free + 1) & mask; ; at = (at + 1) & mask) {
      const stream = places[at];
      if (stream === undefined) break;
      const away = (at - placeOf(stream.id, mask)) & mask;
      if (away < ((at - free) & mask)) continue;
      places[free] = stream;
      free = at;
    }
    places[free] = undefined;
    // After many streams at once the memory is given back.
    if (this.size === 0 && places.length > FIRST_PLACES) this.#resize(FIRST_PLACES);
    return true;
  }

  /** Those that are open now; what is added or deleted meanwhile does not change the list. */
  all(): readonly Stream[] {
    return this.#places.filter((stream) => stream !== undefined);
  }

  clear(): void {
    this.size = 0;
    this.#places = emptyPlaces(FIRST_PLACES);
  }

  #resize(count: number): void {
    const places = emptyPlaces<Stream>(count);
    for (const stream of this.#places) if (stream !== undefined) put(places, stream);
    this.#places = places;
  }
}

/** `mask`: one less than there are places. */
function placeOf(id: number, mask: number): number {
  return Math.imul(id, SCATTER) >>> Math.clz32(mask);
}

function put<Stream extends { readonly id: number }>(
  places: (Stream | undefined)[],
  stream: Stream,
): void {
  const mask = places.length - 1;
  let at = placeOf(stream.id, mask);
  while (places[at] !== undefined) at = (at + 1) & mask;
  places[at] = stream;
}

function emptyPlaces<Stream>(count: number): (Stream | undefined)[] {
  return Array.from({ length: count }, () => undefined);
}
