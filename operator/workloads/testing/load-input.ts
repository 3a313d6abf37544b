// Makes the renderer's input of a manifest's text, as the operator does of a stored object.
import { load } from 'js-yaml';
import { loadDeployments } from '../../../graph/seldon/load-deployments.ts';
import type { KubeObject } from '../../../lib/kube/object.ts';
import { DEFAULT_CONFIG } from '../../config/workload-config.ts';
import type { OperatorConfig } from '../../config/workload-config.ts';
import type { WorkloadInput } from '../workloads.ts';

/** With one server of the cluster's own. */
export const CONFIG: OperatorConfig = {
  ...DEFAULT_CONFIG,
  predictorServers: new Map([
    ...DEFAULT_CONFIG.predictorServers,
    ['HOUSE_SERVER', new Map([['seldon', 'registry.example:5000/house:7']])],
  ]),
};

export const UID = '11111111-2222-3333-4444-555555555555';

/** A first line `# options: keda istio gateway-api ambassador` switches on what a cluster's chart would. */
function configOf(text: string): OperatorConfig {
  const options = /^# options: (.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
  const { istio, gatewayApi, ambassador } = CONFIG;
  return {
    ...CONFIG,
    keda: { enabled: options.includes('keda') },
    istio: { ...istio, enabled: options.includes('istio'), tlsMode: 'ISTIO_MUTUAL' },
    gatewayApi: {
      ...gatewayApi,
      enabled: options.includes('gateway-api'),
      gateway: 'gateways/public',
      grpcListener: 'grpc',
    },
    ambassador: { ...ambassador, enabled: options.includes('ambassador') },
  };
}

/** Throws on a manifest with errors. `live` are the Deployments that exist. */
export function loadInput(
  text: string,
  options: {
    readonly injection?: boolean;
    readonly live?: readonly KubeObject[];
    readonly config?: OperatorConfig;
  } = {},
): WorkloadInput {
  const { injection = true, live = [], config = configOf(text) } = options;
  const { deployments, findings } = loadDeployments(text, {
    source: 'stored',
    hosts: 'cluster',
    servers: config.predictorServers,
  });
  const [deployment] = deployments;
  if (deployment === undefined) throw new Error(JSON.stringify(findings));
  const object = load(text) as KubeObject;
  const { name, namespace } = deployment;
  const { apiVersion, kind } = object;
  return {
    deployment,
    owner: { name, namespace, uid: UID, apiVersion, kind },
    injection,
    config,
    live: { deployments: live, horizontalPodAutoscalers: [] },
  };
}
