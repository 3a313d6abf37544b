// The watched files: Envoy's discovery responses as JSON text. The version is a hash of the content, so the version
// that Envoy reports says exactly what it runs.
import { createHash } from 'node:crypto';
import { type EnvoyJson, typed } from './json.ts';

export interface DiscoveryFile {
  readonly version: string;
  readonly text: string;
}

export function listenersFile(listeners: readonly EnvoyJson[]): DiscoveryFile {
  return discoveryFile('envoy.config.listener.v3.Listener', listeners);
}

export function clustersFile(clusters: readonly EnvoyJson[]): DiscoveryFile {
  return discoveryFile('envoy.config.cluster.v3.Cluster', clusters);
}

export function routesFile(table: EnvoyJson): DiscoveryFile {
  return discoveryFile('envoy.config.route.v3.RouteConfiguration', [table]);
}

function discoveryFile(type: string, resources: readonly EnvoyJson[]): DiscoveryFile {
  const body = resources.map((resource) => typed(type, resource));
  const version = createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16);
  return {
    version,
    text: `${JSON.stringify({ version_info: version, resources: body }, null, 1)}\n`,
  };
}
