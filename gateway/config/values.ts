// Values as the encoder takes them: durations and optional numbers are messages of their own on the wire.
import type { JsonObject } from '../../envoy/kit/json.ts';

export function durationOf(ms: number): JsonObject {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

/** An optional number that is there. */
export function boxed(value: number): JsonObject {
  return { value };
}
