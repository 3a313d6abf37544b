// The way in: a file's text to deployments that can be compiled, and everything that is wrong with it.
import { assignPorts, parseFirstPorts } from './assign-ports.ts';
import { checkDeployment } from './check-deployment.ts';
import type { Images } from './check-images.ts';
import { defaultDeployment } from './default-deployment.ts';
import type { Hosts } from './default-deployment.ts';
import type { Addresses, Deployment } from '../plan/deployment.ts';
import { openFindings } from '../manifest/finding.ts';
import type { Finding, FindingSink } from '../manifest/finding.ts';
import type { JsonObject } from '../plan/json-value.ts';
import { parseManifests } from '../manifest/parse-manifests.ts';
import type { ManifestDocument } from '../manifest/parse-manifests.ts';
import { isDeployment, readDeployment } from './read-deployment.ts';
import { SERVERS } from '../plan/servers.ts';
import type { Servers } from '../plan/servers.ts';

export interface LoadOptions {
  /** How the file is named in findings. */
  readonly source: string;
  /** The environment of the operator: the first ports (`PREDICTIVE_UNIT_HTTP_SERVICE_PORT` …). */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Units whose address is known from elsewhere need neither container nor endpoint. */
  readonly addresses?: Addresses;
  /** Where containers are reached; `local` by default. */
  readonly hosts?: Hosts;
  /** Which containers need an image; by default all in a cluster, none elsewhere. */
  readonly images?: Images;
  /** Asked of each deployment that the checks take. */
  readonly judge?: Judge;
  /** The prepackaged servers there are; Seldon's own by default. */
  readonly servers?: Servers;
}

/** Adds what a cluster would say of a deployment; `object` is the document that it was read from. */
export type Judge = (deployment: Deployment, object: JsonObject, sink: FindingSink) => void;

export interface LoadedDeployments {
  /** Those without errors, in the order of the file. */
  readonly deployments: readonly Deployment[];
  /** In the order of the file. */
  readonly findings: readonly Finding[];
}

/** Parses, checks and defaults every deployment of a text. Never throws, whatever the text. */
export function loadDeployments(text: string, options: LoadOptions): LoadedDeployments {
  try {
    return loadAll(text, options);
  } catch (error) {
    // A bug of ours must not show a stack to someone who only wrote a file.
    const sink = openFindings(options.source, () => undefined);
    const what = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
    sink.add('READER_FAILED', '', `the reader failed: ${what}`);
    return { deployments: [], findings: sink.findings };
  }
}

function loadAll(text: string, options: LoadOptions): LoadedDeployments {
  const parsed = parseManifests(text, options.source);
  const findings: Finding[] = [];
  const deployments: Deployment[] = [];
  const names = new Set<string>();
  for (const document of parsed.documents) {
    const deployment = loadOne(document, options, names);
    if (deployment !== undefined) deployments.push(deployment);
    for (const finding of document.sink.findings) findings.push(finding);
  }
  for (const finding of parsed.findings) findings.push(finding);
  if (parsed.documents.length === 0 && findings.length === 0) {
    const sink = openFindings(options.source, () => undefined);
    sink.add('NO_DEPLOYMENT', '', 'the file is empty');
    findings.push(...sink.findings);
  }
  return { deployments, findings };
}

function loadOne(
  document: ManifestDocument,
  options: LoadOptions,
  names: Set<string>,
): Deployment | undefined {
  const { sink } = document;
  if (!isDeployment(document)) return undefined;
  const written = readDeployment(document);
  if (written === undefined) return undefined;
  const ported = assignPorts(written, parseFirstPorts(options.env ?? {}));
  const servers = options.servers ?? SERVERS;
  const hosts = options.hosts ?? 'local';
  const images = options.images ?? (hosts === 'cluster' ? 'required' : 'any');
  checkDeployment(written, ported, options.addresses, servers, images, sink);
  const fullName = `${written.namespace}/${written.name}`;
  if (written.name !== '' && !written.isNameGenerated && names.has(fullName)) {
    const path = `${written.path}metadata.name`;
    sink.add('DEPLOYMENT_DUPLICATE', path, `the file holds ${fullName} twice`);
  }
  names.add(fullName);
  if (sink.errors > 0) return undefined;
  const deployment = defaultDeployment(written, ported, options.source, hosts, servers);
  options.judge?.(deployment, document.value, sink);
  return sink.errors > 0 ? undefined : deployment;
}
