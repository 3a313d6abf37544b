// "Did you mean": the known word that is nearest to what was written, if any is near.

/** More words than these are not compared. */
const MAX_KNOWN = 200;

/** The nearest of `known` within two edits (one for short words), or undefined. Case and `_`/`-` do not count. */
export function closestWord(written: string, known: readonly string[]): string | undefined {
  const plain = fold(written);
  if (plain.length > 64) return undefined;
  let best: string | undefined;
  let bestDistance = plain.length < 5 ? 1.5 : 2.5;
  for (const word of known.slice(0, MAX_KNOWN)) {
    const distance = editDistance(plain, fold(word));
    if (distance < bestDistance) {
      best = word;
      bestDistance = distance;
    }
  }
  return best;
}

/** The question, as advice of a finding; undefined where nothing is near. */
export function didYouMean(written: string, known: readonly string[]): string | undefined {
  const near = closestWord(written, known);
  return near === undefined ? undefined : `did you mean ${near}?`;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}

/** Levenshtein distance, a swap of neighbours counting one (optimal string alignment). */
function editDistance(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > 2) return 3;
  let before: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      next.push(cost);
    }
    before = last;
    last = next;
  }
  return last[right.length] ?? 0;
}
