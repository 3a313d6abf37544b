// The two floating-point formats of sixteen bits, which JavaScript's views do not read: IEEE 754's half precision (FP16) and
// bfloat16 (BF16). In and out: the sixteen bits as a number. Writing rounds once, from the double, to the nearest, ties to
// even.

interface Format {
  /** Bits of the fraction. */
  readonly fraction: number;
  readonly bias: number;
}

const FP16: Format = { fraction: 10, bias: 15 };
const BF16: Format = { fraction: 7, bias: 127 };

/** Added to a number below it and taken off again it leaves the nearest integer, ties to even. */
const TO_INTEGER = 2 ** 52;
const doubles = new Float64Array(1);
const words = new Uint32Array(doubles.buffer);

function read(bits: number, { fraction, bias }: Format): number {
  const exponents = (1 << (15 - fraction)) - 1;
  const exponent = (bits >>> fraction) & exponents;
  const rest = bits & ((1 << fraction) - 1);
  const sign = bits >= 0x8000 ? -1 : 1;
  if (exponent === exponents) return rest === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * rest * 2 ** (1 - bias - fraction);
  return sign * (1 + rest / (1 << fraction)) * 2 ** (exponent - bias);
}

/** Exponent of a finite number other than zero: 0 of those from 1 to 2. */
function exponentOf(size: number): number {
  doubles[0] = size;
  return (((words[1] as number) >>> 20) & 0x7ff) - 1023;
}

function write(value: number, { fraction, bias }: Format): number {
  const infinity = ((1 << (15 - fraction)) - 1) << fraction;
  if (Number.isNaN(value)) return infinity | (1 << (fraction - 1));
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size === Number.POSITIVE_INFINITY) return sign | infinity;
  // Below the least normal number all steps are as wide as at that number.
  const exponent = size === 0 ? 1 - bias : Math.max(exponentOf(size), 1 - bias);
  if (exponent > bias) return sign | infinity;
  // A fraction that is rounded up to a whole step carries into the exponent, and the greatest exponent into infinity.
  const steps = size * 2 ** (fraction - exponent) + TO_INTEGER - TO_INTEGER;
  return sign | (((exponent + bias - 1) << fraction) + steps);
}

export const readFp16 = (bits: number): number => read(bits, FP16);
export const readBf16 = (bits: number): number => read(bits, BF16);
export const writeFp16 = (value: number): number => write(value, FP16);
export const writeBf16 = (value: number): number => write(value, BF16);
