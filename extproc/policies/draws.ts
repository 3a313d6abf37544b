// Draws of policies. A source gives numbers from 0 (included) to 1 (excluded).

export type Source = () => number;

/** So many attempts at a draw that is accepted more often than nineteen times in twenty. */
const MAX_ATTEMPTS = 64;

/**
 * A source that gives the same numbers for the same seed, a whole number below 2^32: a Weyl sequence, hashed as 32-bit
 * hashes are (two rounds of shift and multiply). For tests that have to come out the same, not for secrets.
 */
export function seededSource(seed: number): Source {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 to `count` (excluded), each as likely. */
export function drawBelow(count: number, draw: Source): number {
  return Math.floor(draw() * count);
}

/** Of the beta distribution; both shapes are at least 1. */
export function drawBeta(a: number, b: number, draw: Source): number {
  const x = drawGamma(a, draw);
  return x / (x + drawGamma(b, draw));
}

/**
 * Of the gamma distribution with scale 1, for a shape of at least 1: Marsaglia and Tsang, "A simple method for generating gamma
 * variables", ACM TOMS 26 (2000).
 */
function drawGamma(shape: number, draw: Source): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (let left = MAX_ATTEMPTS; left > 0; left--) {
    const x = drawNormal(draw);
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    if (Math.log(draw()) < (x * x) / 2 + d * (1 - v + Math.log(v))) return d * v;
  }
  return d;
}

/** Of the standard normal distribution, by Box and Muller. */
function drawNormal(draw: Source): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}
