// A bounded map from short texts to a few numbers, of which the oldest entry goes first. It is one piece of memory outside of the
// JavaScript heap, taken whole with the first entry: the collector does not see the entries, their bytes are known exactly, and
// pages that no entry has used yet are not resident.
//
// An entry is a run of words: what it is (its size, the length of its key, a flag), the entry before it in its bucket, hash, time,
// tag, the key, the values. Entries follow each other as they came, round and round. An entry is named by its distance from the very
// first word, on 32 bits, so that a link to one that is gone is known for what it is: nothing has to be unlinked, and a new entry
// costs one look at memory that is not next to the last one's. Of two entries of one key the younger is found first.
import { randomBytes } from 'node:crypto';
import { type HashKey, hashText } from './hash-text.ts';

const INFO = 0;
const BEFORE = 1;
const HASH = 2;
const TIME = 3;
const TAG = 4;
const HEAD_WORDS = 5;

/** In place of an entry's first word: the next one is at the start. No entry is that large. */
const WRAP = -1;

const KEY_BITS = 0xffff;
const MARKED = 1 << 16;
const SIZE_SHIFT = 17;
const MAX_SIZE_WORDS = 1 << 13;
/** Words of entries for each bucket: about those of one entry. */
const WORDS_PER_BUCKET = 16;
const DISTANCES = 2 ** 32;

export interface RingLimits {
  readonly maxEntries: number;
  /** Of entries and buckets together. */
  readonly maxBytes: number;
}

/** Told of each entry that leaves, before it does. */
export type OnLeave = (at: number) => void;

export class KeyedRing {
  readonly #onLeave: OnLeave;
  readonly #key: HashKey;
  #maxEntries = 0;
  #maxWords = 0;
  #words = new Int32Array(0);
  #bytes = new Uint8Array(0);
  #buckets = new Int32Array(0);
  /** Distances of the next entry and of the oldest one. */
  #head = 0;
  #tail = 0;
  #count = 0;
  /** Words that entries take. */
  #used = 0;

  constructor(limits: RingLimits, onLeave: OnLeave) {
    this.#onLeave = onLeave;
    const random = randomBytes(8);
    this.#key = [random.readInt32LE(0), random.readInt32LE(4)];
    this.limit(limits);
  }

  /** Several of one key count each. */
  get entries(): number {
    return this.#count;
  }

  /** Bytes of all entries. */
  get bytes(): number {
    return this.#used * 4;
  }

  /** Other bounds; what is over them leaves, the oldest first. */
  limit({ maxEntries, maxBytes }: RingLimits): void {
    this.#maxEntries = maxEntries;
    this.#maxWords = Math.floor((maxBytes / 4) * (WORDS_PER_BUCKET / (WORDS_PER_BUCKET + 1)));
    while (this.#count > maxEntries || this.#used > this.#maxWords) this.dropOldest();
    if (this.#words.length !== 0 && this.#words.length !== this.#maxWords) this.#rebuild();
  }

  /**
   * Puts an entry before that of the same key. False for one that is too large, which is then not kept. `key`: characters of 8
   * bits; `time`, `tag` and `values`: 32 bits.
   */
  put(key: string, time: number, tag: number, values: ArrayLike<number>): boolean {
    const { length } = key;
    const keyWords = (length + 3) >> 2;
    const size = HEAD_WORDS + keyWords + values.length;
    if (length > KEY_BITS || size >= MAX_SIZE_WORDS || size * 2 > this.#maxWords) return false;
    if (this.#maxEntries === 0) return false;
    if (this.#words.length === 0) this.#rebuild();
    const at = this.#room(size);
    const words = this.#words;
    const bytes = this.#bytes;
    words[at + INFO] = length | (size << SIZE_SHIFT);
    words[at + TIME] = time;
    words[at + TAG] = tag;
    const keyAt = (at + HEAD_WORDS) << 2;
    for (let i = 0; i < length; i++) bytes[keyAt + i] = key.charCodeAt(i);
    const valuesAt = at + HEAD_WORDS + keyWords;
    for (let i = 0; i < values.length; i++) words[valuesAt + i] = values[i] as number;
    this.#link(at, hashText(key, this.#key));
    this.#head += size;
    this.#used += size;
    this.#count++;
    return true;
  }

  /** Position of a key's youngest entry, −1 for none; good until the next `put`, `limit` or `dropOldest`. */
  find(key: string): number {
    if (this.#count === 0) return -1;
    const hash = hashText(key, this.#key);
    const words = this.#words;
    const all = this.#head - this.#tail;
    let distance = this.#buckets[hash & (this.#buckets.length - 1)] as number;
    let youngest = 0;
    for (;;) {
      const age = (this.#head - distance) >>> 0;
      // What is linked is older than what links to it, and still there.
      if (age <= youngest || age > all) return -1;
      youngest = age;
      const at = (this.#head - age) % words.length;
      if (words[at + HASH] === hash && this.#keyIs(at, key)) return at;
      distance = words[at + BEFORE] as number;
    }
  }

  /** Position of the oldest entry, −1 for none. */
  oldest(): number {
    return this.#count === 0 ? -1 : this.#tail % this.#words.length;
  }

  timeAt(at: number): number {
    return this.#words[at + TIME] as number;
  }

  tagAt(at: number): number {
    return this.#words[at + TAG] as number;
  }

  isMarked(at: number): boolean {
    return ((this.#words[at + INFO] as number) & MARKED) !== 0;
  }

  mark(at: number, marked: boolean): void {
    const info = this.#words[at + INFO] as number;
    this.#words[at + INFO] = marked ? info | MARKED : info & ~MARKED;
  }

  /** The values of an entry, uncopied. */
  valuesAt(at: number): Int32Array {
    const info = this.#words[at + INFO] as number;
    const start = at + HEAD_WORDS + (((info & KEY_BITS) + 3) >> 2);
    return this.#words.subarray(start, at + (info >>> SIZE_SHIFT));
  }

  dropOldest(): void {
    if (this.#count === 0) return;
    const at = this.#tail % this.#words.length;
    this.#onLeave(at);
    const size = (this.#words[at + INFO] as number) >>> SIZE_SHIFT;
    this.#count--;
    this.#used -= size;
    this.#tail = this.#count === 0 ? this.#head : this.#follow(this.#tail + size);
  }

  #keyIs(at: number, key: string): boolean {
    if (((this.#words[at + INFO] as number) & KEY_BITS) !== key.length) return false;
    const keyAt = (at + HEAD_WORDS) << 2;
    for (let i = 0; i < key.length; i++)
      if (this.#bytes[keyAt + i] !== key.charCodeAt(i)) return false;
    return true;
  }

  /** Makes the entry at the head the first of its bucket. */
  #link(at: number, hash: number): void {
    const bucket = hash & (this.#buckets.length - 1);
    this.#words[at + HASH] = hash;
    this.#words[at + BEFORE] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = this.#head % DISTANCES;
  }

  /** The distance of the entry that follows one which ends at `end`. */
  #follow(end: number): number {
    const { length } = this.#words;
    const at = end % length;
    return this.#words[at] === WRAP ? end + length - at : end;
  }

  /** Position of free words at the head; the oldest entries leave for them. */
  #room(size: number): number {
    const { length } = this.#words;
    while (this.#count >= this.#maxEntries) this.dropOldest();
    let at = this.#head % length;
    const gap = at + size > length ? length - at : 0;
    while (this.#head + gap + size - this.#tail > length && this.#count > 0) this.dropOldest();
    if (gap > 0) {
      this.#words[at] = WRAP;
      this.#head += gap;
      at = 0;
    }
    if (this.#count === 0) this.#tail = this.#head;
    return at;
  }

  /** The same entries in new memory; they fit. */
  #rebuild(): void {
    const before = this.#words;
    let from = this.#tail;
    const words = new Int32Array(this.#maxWords);
    let buckets = 1;
    while (buckets * WORDS_PER_BUCKET * 2 <= words.length) buckets *= 2;
    this.#buckets = new Int32Array(buckets);
    // Distances begin after those that memory as it comes would name.
    this.#head = words.length;
    const tail = this.#head;
    const follow = (end: number): number =>
      before[end % before.length] === WRAP ? end + before.length - (end % before.length) : end;
    for (let left = this.#count; left > 0; left--) {
      const start = from % before.length;
      const size = (before[start + INFO] as number) >>> SIZE_SHIFT;
      const at = this.#head % words.length;
      for (let i = 0; i < size; i++) words[at + i] = before[start + i] as number;
      this.#words = words;
      this.#link(at, words[at + HASH] as number);
      this.#head += size;
      from = follow(from + size);
    }
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
    this.#tail = tail;
  }
}
