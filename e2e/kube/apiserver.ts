// A real control plane for tests: etcd and kube-apiserver on free loopback ports, with certificates and tokens of their own
// in a folder that goes with it. No kubelet, no scheduler, no controllers: what the tests write stays as written.
import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from 'selfsigned';
import { PooledKubeConfig } from '../../lib/kube/config.ts';
import { freePorts } from '../harness/ports.ts';
import { endChild, runChild } from './child.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_TIMEOUT_MS = 90_000;
/** TEST-NET-2: kube-apiserver refuses to advertise a loopback address, and nothing here dials it. */
const ADVERTISED = '198.51.100.1';

export interface ApiServer {
  readonly url: string;
  /** The folder of certificates, logs and the kubeconfig. */
  readonly dir: string;
  /** Path of a kubeconfig with the administrator's token. */
  readonly kubeconfig: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  /** Answers with a config for the administrator, or for a user of `users`. */
  config(user?: string): PooledKubeConfig;
  /** SIGKILL, as a crashed machine would do. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** After kill: on the same port with the same data. Resolves when it is ready. */
  start(): Promise<void>;
  /** Drops etcd's history up to now, so that older resourceVersions are gone. */
  compact(): Promise<void>;
  stop(): Promise<void>;
}

export interface ApiServerOptions {
  /** More flags of kube-apiserver. */
  readonly flags?: readonly string[];
  /** Whether pods get the token of their account, which must exist then; no by default. */
  readonly givesTokens?: boolean;
  /** Besides `admin`: name → groups. They can do what RBAC objects give them. */
  readonly users?: Readonly<Record<string, readonly string[]>>;
}

/** The folder with `kube-apiserver` and `etcd`, or undefined where they were not built. */
export function findKubeBin(): string | undefined {
  const places = [process.env.SIDEGRAPH_KUBE_BIN, join(ROOT, '.cache/kube/bin')];
  return places.find((dir) => dir !== undefined && canRun(join(dir, 'kube-apiserver')));
}

/** For `test(…, { skip: … })`: why the ring cannot run, or false. */
export function whyNoKube(): string | false {
  if (findKubeBin() !== undefined) return false;
  return 'no kube-apiserver: build it (e2e/kube) or set SIDEGRAPH_KUBE_BIN to its folder';
}

export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const bin = findKubeBin();
  if (bin === undefined) throw new Error(String(whyNoKube()));
  const dir = mkdtempSync(join(tmpdir(), 'sidegraph-kube-'));
  const [port = 0, etcdPort = 0, peerPort = 0] = await freePorts(3);
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const url = `https://127.0.0.1:${port}`;
  const ca = await writeCertificates(dir);
  const users = { admin: ['system:masters'], ...options.users };
  const tokens = new Map(Object.keys(users).map((user) => [user, randomBytes(16).toString('hex')]));
  const config = (user = 'admin'): PooledKubeConfig => {
    const made = new PooledKubeConfig();
    made.loadFromString(renderKubeconfig(url, ca, tokens.get(user) ?? ''));
    return made;
  };
  const kubeconfig = join(dir, 'kubeconfig');
  await writeFile(join(dir, 'tokens.csv'), renderTokens(users, tokens));
  await writeFile(kubeconfig, renderKubeconfig(url, ca, tokens.get('admin') ?? ''));

  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const etcd = runChild(dir, 'etcd', join(bin, 'etcd'), [
    `--data-dir=${join(dir, 'etcd')}`,
    '--log-level=error',
    '--unsafe-no-fsync',
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
  ]);
  const flags = serverFlags(dir, port, etcdUrl, options);
  let server: ChildProcess | undefined;

  const api: ApiServer = {
    url,
    dir,
    kubeconfig,
    ca,
    config,
    async kill() {
      await endChild(server, 'SIGKILL');
      server = undefined;
    },
    async start() {
      server = runChild(dir, 'kube-apiserver', join(bin, 'kube-apiserver'), flags);
      await until('kube-apiserver', server, dir, () => isReady(url, ca, tokens.get('admin') ?? ''));
    },
    async compact() {
      await compactEtcd(etcdUrl);
    },
    async stop() {
      await endChild(server, 'SIGKILL');
      await endChild(etcd, 'SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
  try {
    await until('etcd', etcd, dir, async () => (await fetch(`${etcdUrl}/health`)).ok);
    await api.start();
    return api;
  } catch (error) {
    await api.stop();
    throw error;
  }
}

function serverFlags(
  dir: string,
  port: number,
  etcdUrl: string,
  { flags = [], givesTokens = false }: ApiServerOptions,
): string[] {
  const file = (name: string): string => join(dir, name);
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    `--advertise-address=${ADVERTISED}`,
    `--secure-port=${port}`,
    `--cert-dir=${dir}`,
    `--tls-cert-file=${file('server.crt')}`,
    `--tls-private-key-file=${file('server.key')}`,
    `--token-auth-file=${file('tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('sa.pub')}`,
    `--service-account-signing-key-file=${file('sa.key')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--endpoint-reconciler-type=none',
    ...(givesTokens ? [] : ['--disable-admission-plugins=ServiceAccount']),
    '--profiling=false',
    '--v=0',
    ...flags,
  ];
}

/** One certificate that is its own authority, and the key of service accounts' tokens. Returns the certificate's PEM. */
async function writeCertificates(dir: string): Promise<string> {
  const pems = await generate([{ name: 'commonName', value: 'kube-apiserver' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  });
  const account = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(join(dir, 'server.crt'), pems.cert);
  await writeFile(join(dir, 'server.key'), pems.private, { mode: 0o600 });
  await writeFile(join(dir, 'sa.key'), account.privateKey.export({ type: 'sec1', format: 'pem' }));
  await writeFile(join(dir, 'sa.pub'), account.publicKey.export({ type: 'spki', format: 'pem' }));
  return pems.cert;
}

function renderTokens(
  users: Readonly<Record<string, readonly string[]>>,
  tokens: ReadonlyMap<string, string>,
): string {
  const lines = Object.entries(users).map(
    ([user, groups]) => `${tokens.get(user)},${user},${user},"${groups.join(',')}"\n`,
  );
  return lines.join('');
}

function renderKubeconfig(server: string, ca: string, token: string): string {
  const data = Buffer.from(ca).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': data } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}

async function until(
  name: string,
  child: ChildProcess,
  dir: string,
  isThere: () => Promise<boolean>,
): Promise<void> {
  const giveUpAt = Date.now() + START_TIMEOUT_MS;
  while (!(await isThere().catch(() => false))) {
    if (child.exitCode !== null || Date.now() > giveUpAt) {
      const log = await readFile(join(dir, `${name}.log`), 'utf8');
      throw new Error(`${name} did not start: ${log.slice(-2_000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isReady(url: string, ca: string, token: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    get(`${url}/readyz`, { ca, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', reject);
  });
}

/** Through the JSON gateway that etcd has beside its gRPC. */
async function compactEtcd(etcdUrl: string): Promise<void> {
  const post = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(`${etcdUrl}/v3/kv/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`etcd answered ${path} with ${response.status}`);
    return response.json();
  };
  const range: unknown = await post('range', { key: Buffer.from('/').toString('base64') });
  const revision = /"revision":\s*"(\d+)"/.exec(JSON.stringify(range))?.[1];
  await post('compaction', { revision, physical: true });
}

export function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
