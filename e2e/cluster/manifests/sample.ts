// The sample of other people's manifests that is brought up: chosen by what it covers, the same each time over the same folder. What cannot
// be brought up is left out before, with its reason.
import { loadAll } from 'js-yaml';
import { isPlainObject, type JsonObject, objectsAt } from '../../../graph/plan/json-value.ts';
import { loadDeployments } from '../../../graph/seldon/load-deployments.ts';
import { featuresOf } from '../../../testing/manifest-features.ts';
import { type Featured, pickSample, uncovered } from '../../../testing/manifest-sample.ts';
import { listManifests } from '../../../testing/manifests.ts';
import { adjust } from '../../../testing/manifest-adjust.ts';

/** Those that `check` accepts and that could answer nobody all the same, with Seldon neither. */
const CANNOT_ANSWER: Readonly<Record<string, string>> = {
  'seldon/210863bf5a76.yaml': 'TensorFlow Serving behind protocol seldon, without its proxy',
  'seldon/3386b10013ed.yaml': 'TensorFlow Serving behind protocol seldon, without its proxy',
  'seldon/952b919ef46e.yaml': 'a REST image behind an endpoint of type GRPC',
};

export interface Sampled extends Featured {
  /** As it is applied: see testing/manifest-adjust.ts. */
  readonly deployment: JsonObject;
  /** What was changed of it. */
  readonly changes: readonly string[];
}

export interface Sample {
  readonly chosen: readonly Sampled[];
  /** Why others could not be chosen, by file. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
  /** What no chosen one has. */
  readonly uncovered: readonly string[];
}

export function chooseSample(size: number): Sample {
  const able: Sampled[] = [];
  const left: { name: string; why: string }[] = [];
  for (const { file, text } of listManifests()) {
    const written = deploymentsOf(text);
    const [deployment] = written;
    if (written.length !== 1 || deployment === undefined) {
      left.push({ name: file, why: `${written.length} deployments in one file` });
      continue;
    }
    const adjusted = adjust(deployment, namespaceOf(file));
    const why = CANNOT_ANSWER[file] ?? whyRefused(adjusted.deployment, file);
    if (why === undefined) able.push({ name: file, features: featuresOf(deployment), ...adjusted });
    else left.push({ name: file, why });
  }
  const chosen = pickSample(able, size) as readonly Sampled[];
  return { chosen, left, uncovered: uncovered(able, chosen) };
}

function namespaceOf(file: string): string {
  return `m-${file.replace(/^.*\//, '').replace(/\..*$/, '')}`;
}

function deploymentsOf(text: string): JsonObject[] {
  return (loadAll(text) as unknown[])
    .flatMap((document) => {
      if (!isPlainObject(document)) return [];
      return Array.isArray(document['items']) ? objectsAt(document, 'items') : [document];
    })
    .filter(({ kind }) => kind === 'SeldonDeployment');
}

function whyRefused(deployment: JsonObject, source: string): string | undefined {
  const text = JSON.stringify(deployment);
  const { findings } = loadDeployments(text, { source, hosts: 'cluster', images: 'command' });
  const error = findings.find(({ severity }) => severity === 'error');
  return error === undefined ? undefined : `${error.code}: ${error.message}`;
}
