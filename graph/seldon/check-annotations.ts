// Annotations: numbers that are none, ours misspelt, Seldon's that nothing reads.
import {
  OUR_ANNOTATIONS,
  parseLimit,
  PAYLOAD_LOG_ANNOTATION,
  ROUTING_ANNOTATION,
  ROUTING_VALUES,
} from './annotations.ts';
import {
  BREAKERS_PREFIX,
  EXPOSURE_ANNOTATIONS,
  INGRESS_ANNOTATIONS,
  SIDECAR_VERSION_ANNOTATION,
} from './annotation-names.ts';
import { didYouMean } from '../manifest/closest-word.ts';
import type { FindingSink } from '../manifest/finding.ts';
import { LIMITS } from '../plan/limits.ts';
import { joinPath } from '../manifest/manifest-lines.ts';
import { checkSeldonAnnotation } from './seldon-annotations.ts';
import { shorten } from '../manifest/shorten.ts';
import { parsePercent, SAMPLING_ANNOTATION, SAMPLING_WANTED } from './tracing.ts';
import type { WrittenDeployment, WrittenPredictor } from './written.ts';

const OUR_PREFIX = 'sidegraph.io/';
const OF_DEPLOYMENTS: readonly string[] = [
  ...Object.values(EXPOSURE_ANNOTATIONS),
  SIDECAR_VERSION_ANNOTATION,
  ...Object.values(INGRESS_ANNOTATIONS),
];

export function checkDeploymentAnnotations(deployment: WrittenDeployment, sink: FindingSink): void {
  const { path, metadataAnnotations, annotations } = deployment;
  checkAnnotations(metadataAnnotations, `${path}metadata.annotations`, sink);
  checkAnnotations(annotations, `${path}spec.annotations`, sink);
}

export function checkPredictorAnnotations(predictor: WrittenPredictor, sink: FindingSink): void {
  const path = `${predictor.path}.annotations`;
  const names = Object.keys(predictor.annotations);
  for (const name of names.filter(isDeploymentsOwn))
    sink.add(
      'ANNOTATION_NO_EFFECT',
      joinPath(path, name),
      `${shorten(name)} has no effect on a predictor`,
      'write it on metadata.annotations or spec.annotations',
    );
  checkAnnotations(predictor.annotations, path, sink);
}

/** What is read on deployments alone: it decides about all predictors at once. */
function isDeploymentsOwn(name: string): boolean {
  return OF_DEPLOYMENTS.includes(name) || name.startsWith(BREAKERS_PREFIX);
}

function checkAnnotations(
  annotations: Readonly<Record<string, string>>,
  path: string,
  sink: FindingSink,
): void {
  for (const [name, value] of Object.entries(annotations)) {
    const place = joinPath(path, name);
    const limit = Object.values(LIMITS).find((known) => known.annotation === name);
    if (limit !== undefined) {
      const read = parseLimit(limit, value);
      if (read.kind === 'wrong')
        sink.add(
          'ANNOTATION_VALUE',
          place,
          `${name} (${limit.meaning}) is ${shorten(value)}`,
          `write ${read.wanted}`,
        );
    } else if (name === ROUTING_ANNOTATION) {
      if (!ROUTING_VALUES.includes(value))
        sink.add(
          'ANNOTATION_VALUE',
          place,
          `${name} is ${shorten(value)}`,
          `write ${ROUTING_VALUES.join(' or ')}`,
        );
    } else if (name === SAMPLING_ANNOTATION || name === PAYLOAD_LOG_ANNOTATION) {
      if (parsePercent(value) === undefined)
        sink.add(
          'ANNOTATION_VALUE',
          place,
          `${name} is ${shorten(value)}`,
          `write ${SAMPLING_WANTED}`,
        );
    } else if (OUR_ANNOTATIONS.includes(name)) {
      // Judged with the units that it is for, or in a cluster.
    } else if (name.startsWith(OUR_PREFIX)) {
      const advice = didYouMean(name, OUR_ANNOTATIONS);
      sink.add('ANNOTATION_UNKNOWN', place, `${shorten(name)} is not known`, advice);
    } else checkSeldonAnnotation(name, path, sink);
  }
}
