// Which protocols can be said in one another. A table of its own, so that whoever checks a graph does not load what reads bytes;
// `transcode/` holds to it (a test compares them).
import type { DialectName } from '../../graph/plan/plan.ts';

/** They have tensors in common; what OpenAI's clients say is text. */
const WITH_TENSORS: ReadonlySet<DialectName> = new Set(['seldon', 'v2', 'tensorflow']);

/** Whether a unit that speaks one can be called in a graph of the other, over REST and gRPC alike. */
export function isTranslated(graph: DialectName, unit: DialectName): boolean {
  return graph !== unit && WITH_TENSORS.has(graph) && WITH_TENSORS.has(unit);
}
