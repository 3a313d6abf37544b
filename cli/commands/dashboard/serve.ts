// The dashboard's server: the page of each deployment, and the list of them. What is watched in the cluster is watched once, however
// many look at it, and only while somebody does.
import type { Server } from 'node:http';
import type { KubeClient } from '../../../lib/kube/client.ts';
import { listen } from '../../../lib/runtime/listen.ts';
import { createServer } from '../../../lib/runtime/node-http.ts';
import { EventStreams } from '../../../sidecar/live/event-streams.ts';
import { LiveHub } from '../../../sidecar/live/hub.ts';
import { listPages, livePages, MAX_WATCHERS, type Pages } from '../../../sidecar/live/pages.ts';
import type { Wanted } from '../../../sidecar/live/sample.ts';
import { refusesStranger, refusesWrites } from '../../../sidecar/supervisor/admin-proxy.ts';
import { DeploymentSource } from '../../cluster/deployment-source.ts';
import { NamespaceFeed } from '../../cluster/namespace-feed.ts';

const HOST = '127.0.0.1';
/** What Kubernetes takes as the name of a SeldonDeployment. */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const BELOW_LIST = /^\/d\/([^/?]+)(\/.*)$/;

/** `name`: the only deployment; undefined for a list. Rejects where the port cannot be listened on. */
export function serveDashboard(
  client: KubeClient,
  namespace: string,
  name: string | undefined,
  port: number,
): Promise<Server> {
  const streams = new EventStreams(MAX_WATCHERS);
  const pages = new Map<string, Pages>();
  const pagesOf = (deployment: string): Pages => {
    const known = pages.get(deployment);
    if (known !== undefined) return known;
    const hub = (wants: Wanted): LiveHub =>
      new LiveHub(new DeploymentSource(client, { namespace, name: deployment }, wants), {
        namespace,
        deployment,
      });
    const made = livePages({ requests: hub('requests'), counters: hub('counters') }, streams);
    // One that is forgotten goes on for those who look at it.
    if (pages.size >= MAX_WATCHERS) pages.clear();
    pages.set(deployment, made);
    return made;
  };
  const list = listPages(new NamespaceFeed(client, namespace), streams);
  const server = createServer((request, response) => {
    if (refusesStranger(request, response, true) || refusesWrites(request, response)) return;
    const url = request.url ?? '/';
    const [, below = '', rest = ''] = (name === undefined && BELOW_LIST.exec(url)) || [];
    const isServed =
      below === ''
        ? (name === undefined ? list : pagesOf(name))(request, response, url)
        : NAME.test(below) && pagesOf(below)(request, response, rest);
    if (!isServed) response.writeHead(404).end('there is no such page\n');
  });
  return listen(server, { port, host: HOST });
}
