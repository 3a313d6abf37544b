// The branches that a line has started together. It waits for all of them and keeps what each ended with; the first fault in the order of
// the children counts, whichever came first.
import type { Message } from '../contract/message.ts';
import type { Fault } from './outcome.ts';

export interface Branch {
  /** Name of the unit whose response the branch's message is; undefined for the client's own. */
  readonly from: string | undefined;
  run(): void;
  cancel(): void;
}

export class Fork {
  /** Names of the units at the heads of the branches. */
  readonly names: readonly string[];
  /** Of each branch: its response, or why there is none. */
  readonly #ends: (Message | Fault | undefined)[];
  readonly #joined: (fork: Fork) => void;
  #branches: readonly Branch[] = [];
  #pending: number;
  /** Bytes of the request's account that are held for the responses. */
  bytes = 0;

  /** `joined` is called when all branches have ended. */
  constructor(names: readonly string[], joined: (fork: Fork) => void) {
    this.names = names;
    this.#joined = joined;
    this.#pending = names.length;
    this.#ends = names.map(() => undefined);
  }

  run(branches: readonly Branch[]): void {
    this.#branches = branches;
    for (const branch of branches) branch.run();
  }

  cancel(): void {
    for (const branch of this.#branches) branch.cancel();
  }

  end(slot: number, end: Message | Fault, bytes: number): void {
    this.#ends[slot] = end;
    this.bytes += bytes;
    if (--this.#pending === 0) this.#joined(this);
  }

  /** The first fault of all branches. */
  get fault(): Fault | undefined {
    return this.#ends.find((end): end is Fault => end !== undefined && 'kind' in end);
  }

  /** In the order of the children, where there is no fault. */
  get responses(): readonly Message[] {
    return this.#ends as Message[];
  }

  /** Whose response the first one is. */
  get from(): string | undefined {
    return this.#branches[0]?.from;
  }

  nameOf(position: number): string {
    return `child "${this.names[position] ?? ''}"`;
  }
}
