// A bounded map from short texts to a few numbers, of which the oldest entry goes first. It is one piece of memory outside of the
// JavaScript heap that doubles while its bounds allow: the collector does not see the entries, and their bytes are known exactly.
//
// Most entries are never asked for, so an entry is only written down: a run of words that says what it is (its size, the length of
// its key, a flag), the entry before it in its bucket, time, tag, the key, the values. It is hashed and put into its bucket when
// somebody looks for a key the next time. Entries follow each other as they came, round and round. An entry is named by its distance
// from the very first word, on 32 bits, so that a link to one that is gone is known for what it is, and nothing has to be unlinked.
// Of two entries of one key the younger is found first.
import { randomBytes } from 'node:crypto';
import { freeMemory } from '../../lib/runtime/free-memory.ts';
import { type HashKey, hashWords } from './hash-words.ts';
import type { KeyBytes } from './key-bytes.ts';

const INFO = 0;
const BEFORE = 1;
const TIME = 2;
const TAG = 3;
const HEAD_WORDS = 4;

const KEY_BITS = 0xffff;
const MARKED = 1 << 16;
const SIZE_SHIFT = 17;
const MAX_SIZE_WORDS = 1 << 13;
/** Words of entries for each bucket: about those of one entry. */
const WORDS_PER_BUCKET = 16;
const FIRST_WORDS = 4096;
const NO_WORDS = new Int32Array(0);

export interface RingLimits {
  readonly maxEntries: number;
  /** Of entries and buckets together. */
  readonly maxBytes: number;
}

/** Told of each entry that leaves, before it does. */
export type OnLeave = (at: number) => void;

export class KeyedRing {
  readonly #onLeave: OnLeave;
  readonly #hashKey: HashKey;
  #maxEntries = 0;
  #maxWords = 0;
  #words: Int32Array = NO_WORDS;
  /** Of each the distance of its youngest entry. Empty until somebody looks for a key. */
  #buckets: Int32Array = NO_WORDS;
  /** Distance of the next entry, 32 bits. Never that of a bucket without an entry, 0, while such an entry could be there. */
  #head = 1;
  /** Positions of the next entry and of the oldest one. */
  #headAt = 0;
  #tailAt = 0;
  /** Whether the youngest entries are in front of the oldest, and where the oldest end then. */
  #isWrapped = false;
  #end = 0;
  /** Words from the oldest entry to the head, with those that are left over behind `#end`. */
  #span = 0;
  #count = 0;
  /** Words that entries take. */
  #used = 0;
  /** The youngest entries that are in no bucket yet: how many, and where the first of them is. */
  #unlinked = 0;
  #unlinkedAt = 0;

  constructor(limits: RingLimits, onLeave: OnLeave) {
    this.#onLeave = onLeave;
    const random = randomBytes(8);
    this.#hashKey = [random.readInt32LE(0), random.readInt32LE(4)];
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
    if (this.#words.length > this.#maxWords) this.#resize(this.#maxWords);
  }

  /**
   * Puts an entry before that of the same key. False for one that is too large, which is then not kept. `time`, `tag` and `values`:
   * 32 bits.
   */
  put(key: KeyBytes, time: number, tag: number, values: ArrayLike<number>): boolean {
    const { length } = key;
    const keyWords = (length + 3) >> 2;
    const size = HEAD_WORDS + keyWords + values.length;
    if (length > KEY_BITS || size >= MAX_SIZE_WORDS || size * 2 > this.#maxWords) return false;
    if (this.#maxEntries === 0) return false;
    this.#makeRoom(size);
    const words = this.#words;
    const at = this.#headAt;
    words[at + INFO] = length | (size << SIZE_SHIFT);
    words[at + TIME] = time;
    words[at + TAG] = tag;
    const keyAt = at + HEAD_WORDS;
    for (let i = 0; i < keyWords; i++) words[keyAt + i] = key.words[i] as number;
    const valuesAt = keyAt + keyWords;
    for (let i = 0; i < values.length; i++) words[valuesAt + i] = values[i] as number;
    if (this.#unlinked++ === 0) this.#unlinkedAt = at;
    this.#head = (this.#head + size) | 0;
    this.#headAt = at + size;
    this.#span += size;
    this.#used += size;
    this.#count++;
    return true;
  }

  /** Position of a key's youngest entry, −1 for none; good until the next `put`, `limit` or `dropOldest`. */
  find(key: KeyBytes): number {
    if (this.#count === 0) return -1;
    if (this.#unlinked > 0) this.#link();
    const words = this.#words;
    let distance = this.#buckets[this.#bucketOf(key.words, 0, key.length)] as number;
    let youngest = 0;
    for (;;) {
      const age = (this.#head - distance) >>> 0;
      // What is linked is older than what links to it, and still there.
      if (age <= youngest || age > this.#span) return -1;
      youngest = age;
      const at = this.#headAt - age + (age > this.#headAt ? words.length : 0);
      if (this.#keyIs(at, key)) return at;
      distance = words[at + BEFORE] as number;
    }
  }

  /** Position of the oldest entry, −1 for none. */
  oldest(): number {
    return this.#count === 0 ? -1 : this.#tailAt;
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
    const start = at + HEAD_WORDS + ((this.#keyLengthAt(at) + 3) >> 2);
    return this.#words.subarray(start, at + this.#sizeAt(at));
  }

  dropOldest(): void {
    if (this.#count === 0) return;
    this.#onLeave(this.#tailAt);
    const size = this.#sizeAt(this.#tailAt);
    const next = this.#follow(this.#tailAt);
    if (this.#unlinked === this.#count) {
      this.#unlinked--;
      this.#unlinkedAt = next;
    }
    this.#count--;
    this.#used -= size;
    this.#span -= size;
    if (next < this.#tailAt) {
      this.#span -= this.#words.length - this.#end;
      this.#isWrapped = false;
    }
    this.#tailAt = next;
  }

  #keyLengthAt(at: number): number {
    return (this.#words[at + INFO] as number) & KEY_BITS;
  }

  #sizeAt(at: number): number {
    return (this.#words[at + INFO] as number) >>> SIZE_SHIFT;
  }

  #keyIs(at: number, key: KeyBytes): boolean {
    if (this.#keyLengthAt(at) !== key.length) return false;
    const keyAt = at + HEAD_WORDS;
    for (let i = (key.length - 1) >> 2; i >= 0; i--)
      if (this.#words[keyAt + i] !== key.words[i]) return false;
    return true;
  }

  #bucketOf(words: Int32Array, start: number, length: number): number {
    return hashWords(words, start, length, this.#hashKey) & (this.#buckets.length - 1);
  }

  /** Position of the entry that follows one, or of the head. */
  #follow(at: number): number {
    const next = at + this.#sizeAt(at);
    return this.#isWrapped && next === this.#end ? 0 : next;
  }

  /** Puts the entries that came since the last time into their buckets, each before those that are there. */
  #link(): void {
    if (this.#buckets.length === 0) {
      let buckets = 1;
      while (buckets * WORDS_PER_BUCKET * 2 <= this.#words.length) buckets *= 2;
      this.#buckets = new Int32Array(buckets);
    }
    const words = this.#words;
    let at = this.#unlinkedAt;
    for (; this.#unlinked > 0; this.#unlinked--) {
      const bucket = this.#bucketOf(words, at + HEAD_WORDS, this.#keyLengthAt(at));
      words[at + BEFORE] = this.#buckets[bucket] as number;
      const age = this.#headAt - at + (at >= this.#headAt ? words.length : 0);
      this.#buckets[bucket] = this.#head - age;
      at = this.#follow(at);
    }
  }

  /** Sees to it that there are free words at the head; the oldest entries leave for them where the memory may not grow. */
  #makeRoom(size: number): void {
    while (this.#count >= this.#maxEntries) this.dropOldest();
    for (;;) {
      const { length } = this.#words;
      if (this.#count === 0) this.#rewind();
      if (this.#isWrapped) {
        if (this.#headAt + size <= this.#tailAt) return;
      } else {
        if (this.#headAt + size <= length) return;
        if (size <= this.#tailAt) {
          this.#wrap();
          return;
        }
      }
      if (length < this.#maxWords)
        this.#resize(Math.min(this.#maxWords, Math.max(2 * length, FIRST_WORDS)));
      else this.dropOldest();
    }
  }

  /** Goes on at the start. */
  #wrap(): void {
    const gap = this.#words.length - this.#headAt;
    this.#end = this.#headAt;
    this.#isWrapped = true;
    this.#head = (this.#head + gap) | 0;
    this.#span += gap;
    this.#headAt = 0;
  }

  /** Begins at the start again, with no entries. */
  #rewind(): void {
    this.#headAt = 0;
    this.#tailAt = 0;
    this.#isWrapped = false;
    this.#span = 0;
  }

  /** The same entries in memory of another size; they fit. */
  #resize(length: number): void {
    const before = this.#words;
    const words = new Int32Array(length);
    const upper = before.subarray(this.#tailAt, this.#isWrapped ? this.#end : this.#headAt);
    words.set(upper);
    if (this.#isWrapped) words.set(before.subarray(0, this.#headAt), upper.length);
    freeMemory(new Uint8Array(before.buffer));
    this.#words = words;
    this.#buckets = NO_WORDS;
    this.#rewind();
    this.#headAt = this.#used;
    this.#span = this.#used;
    this.#unlinked = this.#count;
    this.#unlinkedAt = 0;
  }
}
