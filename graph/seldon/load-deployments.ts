// The way in: a file's text, or an object that is parsed already, to deployments that can be compiled, and everything that is wrong
// with it. One order for both: parse, read, ports, check, default; what a check says is said of what was written.
import { assignPorts, FIRST_PORTS } from './assign-ports.ts';
import { checkDeployment } from './check-deployment.ts';
import type { Images } from './check-images.ts';
import { defaultDeployment } from './default-deployment.ts';
import type { Hosts } from './default-deployment.ts';
import type { Addresses, ContainerPorts, Deployment } from '../plan/deployment.ts';
import { openFindings } from '../manifest/finding.ts';
import type { Finding, FindingSink } from '../manifest/finding.ts';
import type { JsonObject } from '../plan/json-value.ts';
import { parseManifests } from '../manifest/parse-manifests.ts';
import { openValue } from '../manifest/open-documents.ts';
import type { ManifestDocument, ParsedManifests } from '../manifest/open-documents.ts';
import { isDeployment, readDeployment } from './read-deployment.ts';
import { SERVERS } from '../plan/servers.ts';
import type { Servers } from '../plan/servers.ts';
import { namesIn } from './written-names.ts';
import type { WrittenNames } from './written-names.ts';

export interface LoadOptions {
  /** How the file is named in findings. */
  readonly source: string;
  /** The first port of each kind that containers get; Seldon's own by default. */
  readonly firstPorts?: ContainerPorts;
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

/** Adds what a cluster would say of a deployment. */
export type Judge = (deployment: Deployment, sink: FindingSink) => void;

export interface LoadedDeployments {
  /** Those without errors, in the order of the file. */
  readonly deployments: readonly Deployment[];
  /** In the order of the file. */
  readonly findings: readonly Finding[];
}

export interface LoadedText extends LoadedDeployments {
  /** Of all deployments that could be read, with errors or without, in the order of the file. */
  readonly names: readonly WrittenNames[];
}

/** Parses, checks and defaults every deployment of a text. Never throws, whatever the text. */
export function loadDeployments(text: string, options: LoadOptions): LoadedText {
  return load(() => parseManifests(text, options.source), options);
}

/** The same of an object that came as JSON, such as one that a cluster stores; findings have no lines. */
export function loadObject(object: JsonObject, options: LoadOptions): LoadedDeployments {
  const { deployments, findings } = load(() => openValue(object, options.source), options);
  return { deployments, findings };
}

function load(parse: () => ParsedManifests, options: LoadOptions): LoadedText {
  try {
    return loadAll(parse(), options);
  } catch (error) {
    // A bug of ours must not show a stack to someone who only wrote a file.
    const sink = openFindings(options.source, () => undefined);
    const what = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
    sink.add('READER_FAILED', '', `the reader failed: ${what}`);
    return { deployments: [], names: [], findings: sink.findings };
  }
}

function loadAll(parsed: ParsedManifests, options: LoadOptions): LoadedText {
  const findings: Finding[] = [];
  const deployments: Deployment[] = [];
  const names: WrittenNames[] = [];
  const fullNames = new Set<string>();
  for (const document of parsed.documents) {
    const deployment = loadOne(document, options, fullNames, names);
    if (deployment !== undefined) deployments.push(deployment);
    for (const finding of document.sink.findings) findings.push(finding);
  }
  for (const finding of parsed.findings) findings.push(finding);
  if (parsed.documents.length === 0 && findings.length === 0) {
    const sink = openFindings(options.source, () => undefined);
    sink.add('NO_DEPLOYMENT', '', 'the file is empty');
    findings.push(...sink.findings);
  }
  return { deployments, names, findings };
}

/** Adds to the names. */
function loadOne(
  document: ManifestDocument,
  options: LoadOptions,
  fullNames: Set<string>,
  names: WrittenNames[],
): Deployment | undefined {
  const { sink } = document;
  if (!isDeployment(document)) return undefined;
  const read = readDeployment(document);
  if (read === undefined) return undefined;
  names.push(namesIn(read));
  const written = assignPorts(read, options.firstPorts ?? FIRST_PORTS);
  const servers = options.servers ?? SERVERS;
  const hosts = options.hosts ?? 'local';
  const images = options.images ?? (hosts === 'cluster' ? 'required' : 'any');
  checkDeployment(written, options.addresses, servers, images, sink);
  const fullName = `${written.namespace}/${written.name}`;
  if (written.name !== '' && !written.isNameGenerated && fullNames.has(fullName)) {
    const path = `${written.path}metadata.name`;
    sink.add('DEPLOYMENT_DUPLICATE', path, `the file holds ${fullName} twice`);
  }
  fullNames.add(fullName);
  if (sink.errors > 0) return undefined;
  const deployment = defaultDeployment(written, options.source, hosts, servers);
  options.judge?.(deployment, sink);
  return sink.errors > 0 ? undefined : deployment;
}
