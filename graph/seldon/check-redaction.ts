// What is left out of payload logs has to be clear before anything is logged: every path that is none, and every unit that is not there.
import type { FindingSink } from '../manifest/finding.ts';
import { joinPath } from '../manifest/manifest-lines.ts';
import { shorten } from '../manifest/shorten.ts';
import { readRedactions, REDACT_ANNOTATION } from './payload-redaction.ts';
import { listWrittenUnits, type WrittenDeployment, type WrittenPredictor } from './written.ts';

/** Paths of one annotation. */
const MAX_REDACTED_PATHS = 64;

export function checkRedactions(deployment: WrittenDeployment, sink: FindingSink): void {
  const { path, metadataAnnotations, annotations, predictors } = deployment;
  checkPlace(metadataAnnotations, `${path}metadata.annotations`, predictors, sink);
  checkPlace(annotations, `${path}spec.annotations`, predictors, sink);
  for (const predictor of predictors)
    checkPlace(predictor.annotations, `${predictor.path}.annotations`, [predictor], sink);
}

/** `predictors`: those that the annotations are for. */
function checkPlace(
  annotations: Readonly<Record<string, string>>,
  path: string,
  predictors: readonly WrittenPredictor[],
  sink: FindingSink,
): void {
  const text = annotations[REDACT_ANNOTATION];
  if (text === undefined) return;
  const place = joinPath(path, REDACT_ANNOTATION);
  const { redactions, faults } = readRedactions(text);
  const count = redactions.length + faults.length;
  if (count > MAX_REDACTED_PATHS) {
    const what = `${REDACT_ANNOTATION} has ${count} paths`;
    sink.add('ANNOTATION_VALUE', place, what, `write at most ${MAX_REDACTED_PATHS}`);
    return;
  }
  for (const { what, advice } of faults)
    sink.add('ANNOTATION_VALUE', place, `${REDACT_ANNOTATION} ${what}`, advice);
  const names = new Set(
    predictors.flatMap(({ graph }) => listWrittenUnits(graph).map(({ name }) => name)),
  );
  for (const { unit } of redactions) {
    if (unit === undefined || names.has(unit)) continue;
    const what = `${REDACT_ANNOTATION} names ${shorten(unit)}, which is no unit`;
    sink.add('ANNOTATION_VALUE', place, what, 'name units of the graph');
  }
}
