// The manifests of other people that lie beside the checkout (SIDEGRAPH_MANIFESTS, else ../shared/manifests), and what the operator
// renders of them where every option of the chart is on. Where the folder is absent there are none, and tests skip.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { isPlainObject } from '../graph/plan/json-value.ts';
import { loadDeployments } from '../graph/seldon/load-deployments.ts';
import type { KubeObject } from '../lib/kube/object.ts';
import { DEFAULT_CONFIG } from '../operator/config/workload-config.ts';
import type { OperatorConfig } from '../operator/config/workload-config.ts';
import { renderWorkloads } from '../operator/workloads/render-workloads.ts';

export const MANIFESTS =
  process.env['SIDEGRAPH_MANIFESTS'] ??
  fileURLToPath(new URL('../../shared/manifests', import.meta.url));

const EVERYTHING: OperatorConfig = {
  ...DEFAULT_CONFIG,
  keda: { enabled: true },
  istio: { ...DEFAULT_CONFIG.istio, enabled: true },
  gatewayApi: { enabled: true, gateway: 'gateways/public', listener: '', grpcListener: 'grpc' },
  ambassador: { enabled: true, singleNamespace: false },
};
const UID = '11111111-2222-3333-4444-555555555555';

export interface Manifest {
  readonly file: string;
  readonly text: string;
}

export function listManifests(folder: string = MANIFESTS): readonly Manifest[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
}

/** The objects of every SeldonDeployment of a file; throws on one with errors. */
export function renderManifest({ file, text }: Manifest): readonly KubeObject[] {
  const { deployments, findings } = loadDeployments(text, {
    source: file,
    hosts: 'cluster',
    images: 'command',
    servers: EVERYTHING.predictorServers,
  });
  const written = (loadAll(text) as unknown[])
    .flatMap((document) =>
      isPlainObject(document) && Array.isArray(document['items']) ? document['items'] : [document],
    )
    .filter((document) => isPlainObject(document) && document['kind'] === 'SeldonDeployment');
  if (deployments.length !== written.length)
    throw new Error(`${file}: ${JSON.stringify(findings)}`);
  return deployments.flatMap((deployment, index) => {
    const { apiVersion, kind } = written[index] as KubeObject;
    const { name, namespace } = deployment;
    const owner = { name, namespace, uid: UID, apiVersion, kind };
    const live = { deployments: [], horizontalPodAutoscalers: [] };
    const object = written[index] as KubeObject;
    const input = { deployment, owner, object, injection: true, config: EVERYTHING, live };
    return renderWorkloads(input).objects;
  });
}
