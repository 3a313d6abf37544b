// Which branches the latest requests took, by their `Seldon-Puid`, so that feedback finds its way back. In: the choices of walks;
// out: for a puid, what each unit chose, by name, since the plan may be another one by then. A request is given out once; that it
// was, and that it was there but is too old, is known for as long again as requests are remembered.
import { unitNameOf } from '../../graph/plan/queries.ts';
import { MAX_PUID_BYTES } from '../../dialects/reading-limits.ts';
import { PUID_HEADER } from '../../graph/plan/names.ts';
import type { FeedbackMemory, Plan, Step } from '../../graph/plan/plan.ts';
import { CoarseClock } from '../../lib/runtime/coarse-clock.ts';
import type { RequestHeaders } from '../contract/exchange.ts';
import { KeyBytes } from './key-bytes.ts';
import { KeyedRing } from './keyed-ring.ts';

/** What a unit chose of its children. */
export interface Choice {
  readonly unit: string;
  /** Names of the children that were chosen: one, all or none. */
  readonly children: readonly string[];
  /** A position, −1 for all, −2 for none. */
  readonly branch: number;
}

export interface RememberedRequest {
  readonly kind: 'found';
  readonly puid: string;
  readonly predictor: string;
  /** Of the units that chose. */
  readonly choices: readonly Choice[];
}

export type Recalled = RememberedRequest | { readonly kind: 'unknown' | 'expired' | 'duplicate' };

/** Notes a request of one plan, if it has a puid that is not too long: `choices` has an entry for each unit. */
export type Remember = (headers: Pick<RequestHeaders, 'copy'>, choices: Int32Array) => void;

export interface MemoryNow {
  readonly requests: number;
  readonly bytes: number;
  /** Forgotten before their time for want of room. */
  readonly evicted: number;
}

const UNKNOWN: Recalled = { kind: 'unknown' };
const EXPIRED: Recalled = { kind: 'expired' };
const DUPLICATE: Recalled = { kind: 'duplicate' };

/** Entries that are past all use and leave with each new one: more than one, so that none is left over. */
const TRIMMED_AT_ONCE = 2;

/** The names that the numbers of an entry stand for. */
interface Chart {
  readonly predictor: string;
  readonly deciders: readonly Decider[];
  /** Entries of it, and whether further ones may come. */
  entries: number;
  isOpen: boolean;
}

interface Decider {
  readonly unit: number;
  readonly name: string;
  readonly children: readonly string[];
}

export class BranchMemory {
  readonly #now: () => number;
  readonly #ring: KeyedRing;
  readonly #charts = new Map<number, Chart>();
  readonly #puid = new KeyBytes(MAX_PUID_BYTES);
  #nextTag = 0;
  #ttlMs = 0;
  #isTrimming = false;
  /** When nothing was left to trim. */
  #trimmedAt = -1;
  #evicted = 0;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(now: () => number = new CoarseClock().now) {
    this.#now = now;
    this.#ring = new KeyedRing({ maxEntries: 0, maxBytes: 0 }, (at) => this.#leave(at));
  }

  /** Whether anything is remembered. */
  get isOn(): boolean {
    return this.#ttlMs > 0;
  }

  counts(): MemoryNow {
    return { requests: this.#ring.entries, bytes: this.#ring.bytes, evicted: this.#evicted };
  }

  /** The bounds from now on, of which this process has one of `shares` equal parts; undefined: nothing is remembered. */
  limit(memory: FeedbackMemory | undefined, shares: number): void {
    this.#ttlMs = memory?.feedbackTtlMs ?? 0;
    this.#ring.limit({
      maxEntries: Math.ceil((memory?.feedbackEntries ?? 0) / shares),
      maxBytes: Math.ceil((memory?.feedbackBytes ?? 0) / shares),
    });
  }

  /** For the walks of a plan; `close` when no more of them will come. */
  open(plan: Plan): { readonly remember: Remember; close(): void } {
    const tag = this.#nextTag++;
    const chart: Chart = {
      predictor: plan.predictor,
      deciders: listDeciders(plan),
      entries: 0,
      isOpen: true,
    };
    this.#charts.set(tag, chart);
    const units = Int32Array.from(chart.deciders, ({ unit }) => unit);
    const values = new Int32Array(units.length);
    return {
      remember: (headers, choices) => {
        const puid = this.#puid;
        const length = headers.copy(PUID_HEADER, puid.bytes);
        if (length < 0) return;
        puid.length = length;
        for (let at = 0; at < values.length; at++)
          values[at] = choices[units[at] as number] as number;
        const now = this.#now();
        // Until the clock moves on, no further entry has become too old.
        if (now !== this.#trimmedAt) this.#trim(now);
        if (this.#ring.put(puid, Math.floor(now) | 0, tag, values)) chart.entries++;
      },
      close: () => {
        chart.isOpen = false;
        if (chart.entries === 0) this.#charts.delete(tag);
      },
    };
  }

  /** What is remembered of a request; it is a duplicate from now on. */
  recall(puid: string): Recalled {
    const at = this.#find(puid);
    const chart = at < 0 ? undefined : this.#charts.get(this.#ring.tagAt(at));
    if (chart === undefined) return UNKNOWN;
    if (this.#ring.isMarked(at)) return DUPLICATE;
    if (this.#ageAt(at, this.#now()) >= this.#ttlMs) return EXPIRED;
    this.#ring.mark(at, true);
    const values = this.#ring.valuesAt(at);
    const choices = chart.deciders.flatMap((decider, position) =>
      choiceOf(decider, values[position] as number),
    );
    return { kind: 'found', puid, predictor: chart.predictor, choices };
  }

  /** Its feedback was given to nobody after all, and may come again. False where that request is not remembered here. */
  release(puid: string): boolean {
    const at = this.#find(puid);
    if (at >= 0) this.#ring.mark(at, false);
    return at >= 0;
  }

  #find(puid: string): number {
    return this.#puid.setText(puid) ? this.#ring.find(this.#puid) : -1;
  }

  #trim(now: number): void {
    this.#isTrimming = true;
    for (let left = TRIMMED_AT_ONCE; left > 0; left--) {
      const at = this.#ring.oldest();
      if (at < 0 || this.#ageAt(at, now) < 2 * this.#ttlMs) {
        this.#trimmedAt = now;
        break;
      }
      this.#ring.dropOldest();
    }
    this.#isTrimming = false;
  }

  #leave(at: number): void {
    const tag = this.#ring.tagAt(at);
    const chart = this.#charts.get(tag);
    if (chart !== undefined) {
      chart.entries--;
      if (!chart.isOpen && chart.entries === 0) this.#charts.delete(tag);
    }
    if (this.#isTrimming || this.#ring.isMarked(at)) return;
    if (this.#ageAt(at, this.#now()) < this.#ttlMs) this.#evicted++;
  }

  /** The clock of entries has 32 bits: 49 days, of which the longest two times to live are 14. */
  #ageAt(at: number, now: number): number {
    return (Math.floor(now) - this.#ring.timeAt(at)) >>> 0;
  }
}

function listDeciders(plan: Plan): Decider[] {
  const deciders: Decider[] = [];
  const nameOf = ({ unit }: Step): string => unitNameOf(plan, unit);
  const visit = (step: Step): void => {
    if (step.choose !== null && step.choose.kind !== 'all') {
      deciders.push({ unit: step.unit, name: nameOf(step), children: step.children.map(nameOf) });
    }
    step.children.forEach(visit);
  };
  visit(plan.walk);
  return deciders;
}

function choiceOf({ name, children }: Decider, branch: number): Choice[] {
  if (branch === -1) return [{ unit: name, children, branch }];
  if (branch === -2) return [{ unit: name, children: [], branch }];
  const child = children[branch];
  return child === undefined ? [] : [{ unit: name, children: [child], branch }];
}
