// Names of deployments, predictors, units and containers: they become hosts, route names and labels. Underscores are
// accepted where Kubernetes would refuse them, since old articles have them and a data plane by itself can use them.
import type { FindingSink } from '../manifest/finding.ts';
import { MANIFEST_LIMITS } from '../plan/limits.ts';
import { shorten } from '../manifest/shorten.ts';
import { describeTemplateMark, TEMPLATE_ADVICE } from '../manifest/template-marks.ts';
import type { WrittenDeployment } from './written.ts';

const LABEL = /^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$/;
/** RFC 1123 subdomain, which Kubernetes asks of an object's name. */
const OBJECT_NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
const MAX_OBJECT_NAME = 253;

/** The name of a predictor, unit or container; an empty one has been told. */
export function checkLabelName(name: string, path: string, sink: FindingSink): void {
  if (name === '' || tellTemplateMark(name, path, sink)) return;
  if (name.length > MANIFEST_LIMITS.maxNameLength)
    sink.add(
      'NAME_TOO_LONG',
      path,
      `${shorten(name)} has ${name.length} characters`,
      `use at most ${MANIFEST_LIMITS.maxNameLength}`,
    );
  else if (!LABEL.test(name))
    sink.add('NAME_INVALID', path, `${shorten(name)} has characters that a name cannot have`);
}

export function checkDeploymentName(deployment: WrittenDeployment, sink: FindingSink): void {
  for (const [field, name, max] of [
    ['name', deployment.name, MAX_OBJECT_NAME],
    ['namespace', deployment.namespace, MANIFEST_LIMITS.maxNameLength],
  ] as const) {
    const path = `${deployment.path}metadata.${field}`;
    if (name === '' || tellTemplateMark(name, path, sink)) continue;
    if (name.length > max)
      sink.add(
        'NAME_TOO_LONG',
        path,
        `${shorten(name)} has ${name.length} characters`,
        `use at most ${max}`,
      );
    else if (!OBJECT_NAME.test(name))
      sink.add(
        'NAME_INVALID',
        path,
        `${shorten(name)} is not the name of a Kubernetes object`,
        'use lower-case letters, digits, - and . (inside)',
      );
  }
}

/** A name that a tool was to fill in is told as such. */
function tellTemplateMark(name: string, path: string, sink: FindingSink): boolean {
  const mark = describeTemplateMark(name);
  if (mark === undefined) return false;
  sink.add('TEMPLATE_MARK', path, `${shorten(name)}: ${mark}`, TEMPLATE_ADVICE);
  return true;
}
