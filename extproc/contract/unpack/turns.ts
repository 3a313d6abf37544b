// So many jobs at a time, and so many more that wait for their turn, first come first served. Who comes when both are full
// is told so at once.

export interface Turn {
  /** The job is over, or is not wanted any more. Harmless when called again. */
  end(): void;
}

interface Place extends Turn {
  start: (() => void) | undefined;
}

export class Turns {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  readonly #waiting: Place[] = [];
  #running = 0;

  constructor(maxRunning: number, maxWaiting: number) {
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Calls `start` once, now or later; undefined when too many wait already. */
  take(start: () => void): Turn | undefined {
    const place: Place = { start, end: () => this.#end(place) };
    if (this.#running < this.#maxRunning) {
      this.#run(place);
    } else if (this.#waiting.length < this.#maxWaiting) {
      this.#waiting.push(place);
    } else {
      return undefined;
    }
    return place;
  }

  #run(place: Place): void {
    this.#running++;
    const { start } = place;
    place.start = undefined;
    start?.();
  }

  #end(place: Place): void {
    if (place.start !== undefined) {
      const at = this.#waiting.indexOf(place);
      if (at >= 0) this.#waiting.splice(at, 1);
      place.start = undefined;
      place.end = () => {};
      return;
    }
    place.end = () => {};
    this.#running--;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#run(next);
  }
}
