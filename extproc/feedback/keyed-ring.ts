// A bounded map from short texts to a few numbers, of which the oldest entry goes first. It is one piece of memory outside of the
// JavaScript heap, taken whole with the first entry: the collector does not see the entries, their bytes are known exactly, and
// pages that no entry has used yet are not resident.
//
// An entry is a run of words: the next one of its bucket, hash, time, what it is (its size, the length of its key, two flags), its
// tag, the key, the values. Entries follow each other as they came; at the end of the memory they go on at its start.
import { randomBytes } from 'node:crypto';
import { type HashKey, hashText } from './hash-text.ts';

const NEXT = 0;
const HASH = 1;
const TIME = 2;
const INFO = 3;
const TAG = 4;
const HEAD_WORDS = 5;

/** In place of an entry's first word: the next entry is at the start. */
const WRAP = -1;
/** Links are positions and 1, so that memory as it comes says that there is nothing. */
const NOTHING = 0;

const KEY_BITS = 0xffff;
const DEAD = 1 << 16;
const MARKED = 1 << 17;
const SIZE_SHIFT = 18;
const MAX_SIZE_WORDS = 1 << 13;
/** Words of entries for each bucket: about those of one entry. */
const WORDS_PER_BUCKET = 16;

export interface RingLimits {
  readonly maxEntries: number;
  /** Of entries and buckets together. */
  readonly maxBytes: number;
}

/** Told of each entry that leaves, before it does. `dead`: a later one of the same key had its place already. */
export type OnLeave = (at: number, dead: boolean) => void;

export class KeyedRing {
  readonly #onLeave: OnLeave;
  readonly #key: HashKey;
  #maxEntries = 0;
  #maxWords = 0;
  #words = new Int32Array(0);
  #bytes = new Uint8Array(0);
  #buckets = new Int32Array(0);
  /** Where the next entry begins, and where the oldest one does. */
  #head = 0;
  #tail = 0;
  /** Entries with the dead ones, and the words that they take. */
  #count = 0;
  #used = 0;
  #dead = 0;

  constructor(limits: RingLimits, onLeave: OnLeave) {
    this.#onLeave = onLeave;
    const random = randomBytes(8);
    this.#key = [random.readInt32LE(0), random.readInt32LE(4)];
    this.limit(limits);
  }

  /** Entries that can be found. */
  get entries(): number {
    return this.#count - this.#dead;
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
   * Puts an entry in place of that of the same key. False for one that is too large, which is then not kept. `key`: characters of
   * 8 bits; `time`, `tag` and `values`: 32 bits.
   */
  put(key: string, time: number, tag: number, values: ArrayLike<number>): boolean {
    const keyWords = (key.length + 3) >> 2;
    const size = HEAD_WORDS + keyWords + values.length;
    if (key.length > KEY_BITS || size >= MAX_SIZE_WORDS || size * 2 > this.#maxWords) return false;
    if (this.#maxEntries === 0) return false;
    if (this.#words.length === 0) this.#rebuild();
    const hash = hashText(key, this.#key);
    const before = this.#findHash(hash, key);
    if (before >= 0) this.#bury(before);
    const at = this.#room(size);
    const words = this.#words;
    const bytes = this.#bytes;
    const bucket = hash & (this.#buckets.length - 1);
    words[at + NEXT] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = at + 1;
    words[at + HASH] = hash;
    words[at + TIME] = time;
    words[at + INFO] = key.length | (size << SIZE_SHIFT);
    words[at + TAG] = tag;
    const keyAt = (at + HEAD_WORDS) << 2;
    for (let i = 0; i < key.length; i++) bytes[keyAt + i] = key.charCodeAt(i);
    const valuesAt = at + HEAD_WORDS + keyWords;
    for (let i = 0; i < values.length; i++) words[valuesAt + i] = values[i] as number;
    this.#head = at + size;
    this.#count++;
    this.#used += size;
    return true;
  }

  /** Position of a key's entry, −1 for none; good until the next `put`, `limit` or `dropOldest`. */
  find(key: string): number {
    return this.#count === 0 ? -1 : this.#findHash(hashText(key, this.#key), key);
  }

  /** Position of the oldest entry, −1 for none; it may be a dead one. */
  oldest(): number {
    return this.#count === 0 ? -1 : this.#tail;
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
    const at = this.#tail;
    const info = this.#words[at + INFO] as number;
    const isDead = (info & DEAD) !== 0;
    this.#onLeave(at, isDead);
    if (isDead) this.#dead--;
    else this.#unlink(at);
    const size = info >>> SIZE_SHIFT;
    this.#count--;
    this.#used -= size;
    this.#tail = this.#count === 0 ? 0 : this.#follow(at + size);
    if (this.#count === 0) this.#head = 0;
  }

  #findHash(hash: number, key: string): number {
    const words = this.#words;
    let link = this.#buckets[hash & (this.#buckets.length - 1)] as number;
    while (link !== NOTHING) {
      const at = link - 1;
      if (words[at + HASH] === hash && this.#keyIs(at, key)) return at;
      link = words[at + NEXT] as number;
    }
    return -1;
  }

  #keyIs(at: number, key: string): boolean {
    if (((this.#words[at + INFO] as number) & KEY_BITS) !== key.length) return false;
    const keyAt = (at + HEAD_WORDS) << 2;
    for (let i = 0; i < key.length; i++)
      if (this.#bytes[keyAt + i] !== key.charCodeAt(i)) return false;
    return true;
  }

  /** It cannot be found any more, and leaves in its turn. */
  #bury(at: number): void {
    this.#unlink(at);
    this.#words[at + INFO] = (this.#words[at + INFO] as number) | DEAD;
    this.#dead++;
  }

  #unlink(gone: number): void {
    const words = this.#words;
    const bucket = (words[gone + HASH] as number) & (this.#buckets.length - 1);
    const next = words[gone + NEXT] as number;
    let at = (this.#buckets[bucket] as number) - 1;
    if (at === gone) {
      this.#buckets[bucket] = next;
      return;
    }
    while (words[at + NEXT] !== gone + 1) at = (words[at + NEXT] as number) - 1;
    words[at + NEXT] = next;
  }

  /** Where the entry is that follows one that ends at `end`. */
  #follow(end: number): number {
    return end === this.#words.length || this.#words[end] === WRAP ? 0 : end;
  }

  /** A free run of words; the oldest entries leave where there is none. */
  #room(size: number): number {
    while (this.#count >= this.#maxEntries) this.dropOldest();
    for (;;) {
      const at = this.#place(size);
      if (at >= 0) return at;
      this.dropOldest();
    }
  }

  /** −1 where there is none. The head never comes to the tail while there are entries. */
  #place(size: number): number {
    const end = this.#words.length;
    if (this.#count > 0 && this.#head <= this.#tail)
      return this.#tail - this.#head > size ? this.#head : -1;
    if (end - this.#head >= size) return this.#head;
    if (this.#tail <= size) return -1;
    if (this.#head < end) this.#words[this.#head] = WRAP;
    return 0;
  }

  /** The same entries in new memory, without the dead ones; they fit. */
  #rebuild(): void {
    const words = new Int32Array(this.#maxWords);
    let buckets = 1;
    while (buckets * WORDS_PER_BUCKET * 2 <= words.length) buckets *= 2;
    const heads = new Int32Array(buckets);
    const before = this.#words;
    let head = 0;
    let from = this.#tail;
    for (let left = this.#count; left > 0; left--) {
      const info = before[from + INFO] as number;
      const size = info >>> SIZE_SHIFT;
      if ((info & DEAD) === 0) {
        for (let i = 0; i < size; i++) words[head + i] = before[from + i] as number;
        const bucket = (words[head + HASH] as number) & (buckets - 1);
        words[head + NEXT] = heads[bucket] as number;
        heads[bucket] = head + 1;
        head += size;
      } else {
        this.#onLeave(from, true);
        this.#count--;
        this.#dead--;
      }
      from = this.#follow(from + size);
    }
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
    this.#buckets = heads;
    this.#head = head;
    this.#tail = 0;
    this.#used = head;
  }
}
