// A sample of things by what they cover: each next one adds most that was not covered yet, the first by name among equals. When
// everything is covered once, the rest is chosen to cover it twice, and so on. In: names with their features; out: names, in that order, so
// that the first N of a sample are the best sample of N.
export interface Featured {
  readonly name: string;
  readonly features: readonly string[];
}

export function pickSample(all: readonly Featured[], size: number): readonly Featured[] {
  const covered = new Map<string, number>();
  const left = [...all].sort((a, b) => (a.name < b.name ? -1 : 1));
  const chosen: Featured[] = [];
  for (let times = 1; chosen.length < size && left.length > 0; ) {
    const gainOf = ({ features }: Featured): number =>
      features.filter((feature) => (covered.get(feature) ?? 0) < times).length;
    const best = left.reduce((a, b) => (gainOf(b) > gainOf(a) ? b : a));
    if (gainOf(best) === 0 && best.features.length > 0) {
      times += 1;
      continue;
    }
    left.splice(left.indexOf(best), 1);
    chosen.push(best);
    for (const feature of best.features) covered.set(feature, (covered.get(feature) ?? 0) + 1);
  }
  return chosen;
}

/** Features of all that none of the chosen has, sorted. */
export function uncovered(all: readonly Featured[], chosen: readonly Featured[]): string[] {
  const seen = new Set(chosen.flatMap(({ features }) => features));
  return [...new Set(all.flatMap(({ features }) => features))].filter((f) => !seen.has(f)).sort();
}
