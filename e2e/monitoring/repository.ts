// A Helm repository in the place of a public one: our chart, packed with the operator's definitions, behind the address that the page names. A
// process uses it by the variables of `env`: a proxy that leads that host here and no other anywhere, and the authority of its certificate.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LIFETIMES, makeAuthority, makeLeaf } from '../../operator/certificates/make.ts';
import { helm, ROOT } from '../cluster/harness/kubectl.ts';

const CHART = fileURLToPath(new URL('chart', import.meta.url));
const DEFINITIONS = join(ROOT, '.cache/kube/prometheus-definitions');
const HOST = 'prometheus-community.github.io';
const PATH = '/helm-charts/';

export interface Repository {
  readonly env: Readonly<Record<string, string>>;
  close(): void;
}

export async function serveRepository(): Promise<Repository> {
  const dir = mkdtempSync(join(tmpdir(), 'sidegraph-charts-'));
  const files = join(dir, 'files');
  cpSync(CHART, join(dir, 'chart'), { recursive: true });
  cpSync(DEFINITIONS, join(dir, 'chart/crds'), { recursive: true });
  mkdirSync(files);
  await helm(['package', join(dir, 'chart'), '-d', files]);
  await helm(['repo', 'index', files]);

  const ca = await makeAuthority(Date.now(), LIFETIMES);
  const leaf = await makeLeaf(ca, [HOST], Date.now(), LIFETIMES);
  writeFileSync(join(dir, 'ca.pem'), ca.cert);
  const charts = https.createServer(
    { key: leaf.key, cert: leaf.cert },
    ({ url = '' }, response) => {
      try {
        if (!url.startsWith(PATH)) throw new Error(url);
        response.end(readFileSync(join(files, url.slice(PATH.length))));
      } catch {
        response.writeHead(404).end();
      }
    },
  );
  const port = await listen(charts);
  const proxy = http.createServer();
  proxy.on('connect', (request: http.IncomingMessage, client: net.Socket) => {
    client.on('error', () => client.destroy());
    if (request.url !== `${HOST}:443`) {
      client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const server = net.connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      server.pipe(client).pipe(server);
    });
    server.on('error', () => client.destroy());
  });
  const address = `http://127.0.0.1:${await listen(proxy)}`;
  return {
    env: {
      HTTPS_PROXY: address,
      https_proxy: address,
      // The API server's.
      NO_PROXY: '10.68.0.2',
      no_proxy: '10.68.0.2',
      SSL_CERT_FILE: join(dir, 'ca.pem'),
      // What helm and kubectl remember goes with it.
      HOME: dir,
    },
    close: () => {
      for (const server of [charts, proxy]) {
        server.close();
        server.closeAllConnections();
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function listen(server: http.Server | https.Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
