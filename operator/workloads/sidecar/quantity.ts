// Kubernetes quantities as numbers, so far as resources of containers need them: `500m`, `1.5`, `512Mi`, `1G`, `1e9`.

const SUFFIXES: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** The value of a quantity, undefined when it is none. */
export function parseQuantity(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{0,9})?)(?:([kMGTm]|[KMGT]i)|[eE](\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const [, digits = '', suffix = '', exponent] = match;
  const factor = exponent === undefined ? SUFFIXES[suffix] : 10 ** Number(exponent);
  return factor === undefined ? undefined : Number(digits) * factor;
}
