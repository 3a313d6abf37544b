// The hash of a plan, by which Envoy's routes, the filter's programs and pods name it. Apart from the compiler, which a pod does
// not load.
import { createHash } from 'node:crypto';
import { canonicalJson } from './json-value.ts';
import type { Plan } from './plan.ts';

/** 16 hex digits over the canonical JSON of a plan without its hash. */
export function hashPlan(plan: Omit<Plan, 'hash'>): string {
  return createHash('sha256').update(canonicalJson(plan)).digest('hex').slice(0, 16);
}
