// `sidegraph inject -f pod.yaml`: manifests in, the same manifests with the sidecars out. Nothing is printed unless every pod could
// join its graph, so that a pipe into kubectl never applies half of it.
import { dump } from 'js-yaml';
import { hasErrors } from '../../../graph/manifest/finding.ts';
import { GRAPH_ANNOTATION } from '../../../cluster/names.ts';
import { DEFAULT_CONFIG, type OperatorConfig } from '../../../operator/config/workload-config.ts';
import { readSource } from '../../manifests/files.ts';
import { renderFindings } from '../../manifests/findings.ts';
import type { Io } from '../../../lib/runtime/io.ts';
import { createPaint } from '../../../lib/runtime/paint.ts';
import { injectManifests } from './inject-manifests.ts';
import type { InjectOptions } from './parse.ts';

/** Returns the exit code: 1 when a file cannot be read as manifests or a pod cannot join. */
export async function inject(options: InjectOptions, io: Io): Promise<number> {
  const paint = createPaint({ isTTY: io.errIsTty }, io.env);
  const { documents, findings, pods } = await injectManifests({
    files: options.files.map(readSource),
    graphs: options.graphs.map(readSource),
    namespace: options.namespace ?? 'default',
    config: configOf(options),
  });
  for (const source of new Set(findings.map((finding) => finding.source ?? ''))) {
    const own = findings.filter((finding) => (finding.source ?? '') === source);
    io.err(`${renderFindings({ source, deployments: [], findings: own }, paint)}\n`);
  }
  for (const { place, kind, words } of pods) {
    if (kind !== 'refused' && words.length === 0) continue;
    const colour = kind === 'refused' ? 'red' : 'yellow';
    const severity = paint(colour, kind === 'refused' ? 'error' : 'warning');
    for (const text of words) io.err(`${paint('bold', place)}\n  ${severity} ${text}\n`);
  }
  if (pods.length === 0)
    io.err(
      `${paint('yellow', 'warning')} no pod has the annotation ${GRAPH_ANNOTATION}: nothing was changed\n` +
        `  → give the manifests of the pods, annotated with the name of their graph, and the graph with --graph FILE\n`,
    );
  if (hasErrors(findings) || pods.some(({ kind }) => kind === 'refused')) return 1;
  io.out(options.output === 'json' ? renderJson(documents) : renderYaml(documents));
  return 0;
}

function configOf({ envoyImage, filterImage }: InjectOptions): OperatorConfig {
  const { sidecar } = DEFAULT_CONFIG;
  const images = {
    envoy: envoyImage ?? sidecar.images.envoy,
    filter: filterImage ?? sidecar.images.filter,
  };
  return { ...DEFAULT_CONFIG, sidecar: { ...sidecar, images } };
}

function renderYaml(documents: readonly object[]): string {
  return documents.map((document) => dump(document, { lineWidth: -1, noRefs: true })).join('---\n');
}

/** One document as it is, several as a List. */
function renderJson(documents: readonly object[]): string {
  const [only, ...more] = documents;
  const value =
    only !== undefined && more.length === 0
      ? only
      : { apiVersion: 'v1', kind: 'List', items: documents };
  return `${JSON.stringify(value, null, 2)}\n`;
}
