// Stands in for Grafana and the sidecar beside it: the boards are the ConfigMaps of its own namespace with the label `grafana_dashboard`, read
// with the pod's rights; queries go to the Prometheus of its release. Paths are those of Grafana's HTTP API:
//   /api/search, /api/dashboards/uid/UID, /api/datasources/proxy/uid/prometheus/…
import { readFileSync } from 'node:fs';
import http from 'node:http';

const { NAMESPACE, PROMETHEUS } = process.env;
const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';
const CONFIG_MAPS = `https://kubernetes.default.svc/api/v1/namespaces/${NAMESPACE}/configmaps?labelSelector=grafana_dashboard`;
const PROXY = '/api/datasources/proxy/uid/prometheus';

/** @returns {Promise<Map<string, {folder: string, dashboard: {uid: string, title: string}}>>} */
async function readBoards() {
  const authorization = `Bearer ${readFileSync(TOKEN, 'utf8')}`;
  const response = await fetch(CONFIG_MAPS, { headers: { authorization } });
  if (!response.ok) throw new Error(`configmaps: ${response.status} ${await response.text()}`);
  const boards = new Map();
  for (const { metadata, data = {} } of (await response.json()).items)
    for (const text of Object.values(data)) {
      const dashboard = JSON.parse(text);
      boards.set(dashboard.uid, { folder: metadata.annotations?.grafana_folder, dashboard });
    }
  return boards;
}

async function respond(path) {
  if (path === '/api/health') return { database: 'ok' };
  if (path.startsWith(`${PROXY}/`))
    return (await fetch(PROMETHEUS + path.slice(PROXY.length))).json();
  const boards = await readBoards();
  if (path.startsWith('/api/search'))
    return [...boards.values()].map(({ folder, dashboard: { uid, title } }) => ({
      uid,
      title,
      folderTitle: folder,
    }));
  const board = boards.get(path.replace('/api/dashboards/uid/', ''));
  return board === undefined ? undefined : { dashboard: board.dashboard };
}

http
  .createServer((request, response) => {
    respond(request.url ?? '/').then(
      (value) => {
        response.writeHead(value === undefined ? 404 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(value ?? {}));
      },
      (error) => response.writeHead(500).end(String(error)),
    );
  })
  .listen(3000);
process.on('SIGTERM', () => process.exit(0));
