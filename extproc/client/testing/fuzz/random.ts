// A small seeded source of randomness, so that a failure can be run again by its seed.

export interface Random {
  /** 0 … bound − 1. */
  int(bound: number): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly [T, ...T[]]): T;
}

/** mulberry32: 32 bits of state are plenty here. */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
  return {
    int: (bound) => Math.floor(next() * bound),
    chance: (probability) => next() < probability,
    pick: (choices) => choices[Math.floor(next() * choices.length)] ?? choices[0],
  };
}

/** Cuts bytes into pieces at random places. */
export function cut(random: Random, bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  const most = random.pick([1, 3, 16, 200, bytes.length + 1]);
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random.int(most);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

/** Changes, drops, doubles or inserts a few bytes. */
export function mutate(random: Random, bytes: Buffer): Buffer {
  let mutated = Buffer.from(bytes);
  for (let i = 0; i <= random.int(3); i++) {
    const at = random.int(mutated.length + 1);
    const rest = mutated.subarray(at);
    const before = mutated.subarray(0, at);
    const junk = Buffer.from([random.pick([0, 9, 10, 13, 32, 58, 48, 44, 59, random.int(256)])]);
    switch (random.int(4)) {
      case 0:
        mutated = Buffer.concat([before, junk, rest.subarray(1)]);
        break;
      case 1:
        mutated = Buffer.concat([before, rest.subarray(1 + random.int(4))]);
        break;
      case 2:
        mutated = Buffer.concat([before, junk, rest]);
        break;
      default:
        mutated = Buffer.concat([before, rest.subarray(0, random.int(30)), rest]);
    }
  }
  return mutated;
}
