// What was thrown, in words: the one place that looks whether it is an Error.

export function describeThrown(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
