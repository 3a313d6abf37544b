// Reads Prometheus' text format as far as a measurement needs it: the values of one name, by one label.

/** Sums of the series called `name`, by the value of `label`; all under '' without a label. */
export function sumBy(text: string, name: string, label?: string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (found?.[1] !== name) continue;
    const value = new RegExp(`(?:^|,)${label ?? '\\b\\B'}="([^"]*)"`).exec(found[2] ?? '');
    const key = value?.[1] ?? '';
    sums[key] = (sums[key] ?? 0) + Number(found[3]);
  }
  return sums;
}

export function sum(text: string, name: string): number {
  return sumBy(text, name)[''] ?? 0;
}

/** What was counted since: by key, those that moved. */
export function since(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  const moved = Object.entries(after).map(
    ([key, value]) => [key, value - (before[key] ?? 0)] as const,
  );
  return Object.fromEntries(moved.filter(([, value]) => value !== 0));
}

/**
 * The page at `url`. Asked once more when the connection broke: a server that is busy closes one that was idle just as it is used
 * again.
 */
export async function readPage(url: string): Promise<string> {
  const read = async (): Promise<string> => await (await fetch(url)).text();
  return await read().catch(read);
}
