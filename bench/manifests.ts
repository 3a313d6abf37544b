// What becomes of the SeldonDeployments of a folder: served whole, served with a loss, refused, each with its reasons. A feature counts
// as served when the objects that it takes are rendered, whatever the findings say. In: a folder of manifests (an argument, else
// SIDEGRAPH_MANIFESTS, else ../shared/manifests beside the checkout); out: a table, and with `--objects FILE` every rendered object.
// Run: `$(scripts/node-path.sh) --disable-warning=ExperimentalWarning bench/manifests.ts [FOLDER] [--list] [--objects FILE]`.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { dump, loadAll } from 'js-yaml';
import { loadDeployments } from '../graph/seldon/load-deployments.ts';
import type { KubeObject } from '../lib/kube/object.ts';
import { DEFAULT_SIDECAR } from '../operator/config/defaults.ts';
import { judgeWorkloads } from '../operator/workloads/judge.ts';
import { listManifests, renderManifest } from '../testing/manifests.ts';
import type { Manifest } from '../testing/manifests.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean' }, objects: { type: 'string' } },
});
interface Verdict {
  readonly file: string;
  readonly kind: 'whole' | 'loss' | 'refused';
  readonly why: readonly string[];
  readonly objects: readonly KubeObject[];
}

/** What a feature of a manifest has to leave in the rendered objects; else it is lost, said or not. */
const TRACES: readonly {
  readonly feature: string;
  readonly asks: (text: string) => boolean;
  readonly leaves: (rendered: string) => boolean;
}[] = [
  {
    feature: 'TENSORFLOW_SERVER behind protocol seldon',
    asks: (text) => text.includes('"TENSORFLOW_SERVER"') && !/"protocol":"(?!seldon)/.test(text),
    leaves: (rendered) => rendered.includes('"name":"tfserving"'),
  },
  {
    feature: 'explainer',
    asks: (text) => /"explainer":\{[^}]*"type":"[A-Z]/.test(text),
    leaves: (rendered) => rendered.includes('"seldon.io/explainer":"true"'),
  },
  {
    feature: 'ssl',
    asks: (text) => text.includes('"certSecretName":"'),
    leaves: (rendered) => rendered.includes('"SELDON_CERT_MOUNT_PATH"'),
  },
  {
    feature: 'kedaSpec',
    asks: (text) => text.includes('"kedaSpec":{'),
    leaves: (rendered) => rendered.includes('"kind":"ScaledObject"'),
  },
];

const files = listManifests(positionals[0]);
const verdicts = files.map(judge);
for (const [kind, title] of [
  ['whole', 'served whole'],
  ['loss', 'served with a loss'],
  ['refused', 'refused'],
] as const)
  tell(title, kind);
const { objects } = values;
if (objects !== undefined) {
  const all = verdicts.flatMap((verdict) => verdict.objects);
  writeFileSync(objects, all.map((object) => `---\n${dump(object)}`).join(''));
  console.log(`${all.length} objects in ${objects}`);
}

function judge(manifest: Manifest): Verdict {
  const { file, text } = manifest;
  const { findings } = loadDeployments(text, {
    source: file,
    images: 'command',
    judge: judgeWorkloads(DEFAULT_SIDECAR),
  });
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const why = [...new Set(errors.map(({ code, message }) => `${code}: ${message}`))];
    return { file, kind: 'refused', why, objects: [] };
  }
  const rendered = renderManifest(manifest);
  const written = JSON.stringify(loadAll(text));
  const made = JSON.stringify(rendered);
  const lost = TRACES.filter(({ asks, leaves }) => asks(written) && !leaves(made)).map(
    ({ feature }) => `${feature} leaves nothing in the objects`,
  );
  const why = [...new Set(lost)];
  return { file, kind: why.length > 0 ? 'loss' : 'whole', why, objects: rendered };
}

function tell(title: string, kind: Verdict['kind']): void {
  const own = verdicts.filter((verdict) => verdict.kind === kind);
  console.log(`${title}: ${own.length} of ${files.length}`);
  const reasons = new Map<string, string[]>();
  for (const { file, why } of own)
    for (const reason of why) reasons.set(reason, [...(reasons.get(reason) ?? []), file]);
  for (const [reason, where] of [...reasons].sort(([, a], [, b]) => b.length - a.length))
    console.log(`  ${where.length} ${reason}${values.list ? ` (${where.join(', ')})` : ''}`);
}
