// Turns a checked deployment, as written, into one as it is meant: Seldon's defaults filled in (`defaults.go`).
import { mergeAnnotations } from './annotations.ts';
import { protocolOfUnit } from './unit-protocols.ts';
import { findBuiltIn, parseServer } from '../built-ins/table.ts';
import type {
  Container,
  Deployment,
  Endpoint,
  EnvEntry,
  Orchestrator,
  Predictor,
  Unit,
} from '../plan/deployment.ts';
import { isPlainObject } from '../plan/json-value.ts';
import {
  LOGGER_MODES,
  parseMethod,
  parseProtocol,
  parseParameterType,
  parseUnitType,
} from '../plan/words.ts';
import { findServerImage } from '../plan/servers.ts';
import type { Servers } from '../plan/servers.ts';
import { isAddress } from './written.ts';
import type {
  PortedContainer,
  PortedDeployment,
  PortedPredictor,
  WrittenDeployment,
  WrittenPredictor,
  WrittenUnit,
} from './written.ts';
import { SELDON_ANNOTATIONS } from './annotation-names.ts';
import { LOCAL_HOST } from '../../lib/runtime/hosts.ts';

/** Where containers are reached: `local`, all at 127.0.0.1; `cluster`, as Seldon's operator names them. */
export type Hosts = 'local' | 'cluster';

/** `written` has passed the checks: its words are known and its names unique. */
export function defaultDeployment(
  written: PortedDeployment,
  source: string,
  hosts: Hosts,
  servers: Servers,
): Deployment {
  const only = written.predictors.filter((predictor) => !predictor.shadow).length === 1;
  return {
    name: written.name,
    namespace: written.namespace,
    protocol: parseProtocol(written.protocol) ?? 'seldon',
    transport: written.transport === 'grpc' ? 'grpc' : 'rest',
    annotations: mergeAnnotations(written.metadataAnnotations, written.annotations),
    specAnnotations: written.annotations,
    replicas: written.replicas,
    predictors: written.predictors.map((predictor) => {
      const hostOf = (container: PortedContainer): string =>
        hosts === 'local' ? LOCAL_HOST : clusterHost(written, predictor, container);
      const isRun = ({ container }: PortedContainer): boolean =>
        hosts === 'cluster' || container.command.length > 0;
      const protocolOf = (unit: string): string => protocolOfUnit(written, predictor, unit);
      return defaultPredictor(predictor, only, { hostOf, isRun }, protocolOf, servers);
    }),
    source,
    path: written.path,
  };
}

interface Places {
  readonly hostOf: (container: PortedContainer) => string;
  /** Whether the container is started: an image alone is not where there is no cluster. */
  readonly isRun: (container: PortedContainer) => boolean;
}

function defaultPredictor(
  written: PortedPredictor,
  only: boolean,
  places: Places,
  protocolOf: (unit: string) => string,
  servers: Servers,
): Predictor {
  const { ported } = written;
  if (written.graph === undefined) throw new Error('a checked predictor has a graph');
  const implementations = collectImplementations(written.graph, new Map());
  return {
    name: written.name,
    path: written.path,
    traffic: written.shadow ? written.traffic || 100 : only ? 100 : (written.traffic ?? 0),
    shadow: written.shadow,
    replicas: written.replicas,
    labels: { version: written.name, ...written.labels },
    annotations: written.annotations,
    orchestratorEnv: literalEnv(written.orchestratorEnv),
    containers: ported.map((entry) =>
      defaultContainer(entry, implementations, protocolOf, servers),
    ),
    components: written.components,
    orchestrator: defaultOrchestrator(written),
    progressDeadlineSeconds: written.progressDeadlineSeconds,
    graph: defaultUnit(written.graph, ported, places, protocolOf),
    ...(written.explainer === undefined ? {} : { explainer: written.explainer }),
    ...(written.certificate === '' ? {} : { certificate: written.certificate }),
  };
}

function defaultOrchestrator(written: WrittenPredictor): Orchestrator {
  const { env, resources } = written.orchestrator?.value ?? {};
  return {
    env: Array.isArray(env) ? env.filter(isPlainObject) : [],
    resources: isPlainObject(resources) ? resources : written.engineResources?.value,
    replicas: written.orchestratorReplicas,
  };
}

function collectImplementations(
  unit: WrittenUnit,
  found: Map<string, string>,
): Map<string, string> {
  if (unit.implementation !== undefined) found.set(unit.name, unit.implementation);
  for (const child of unit.children) collectImplementations(child, found);
  return found;
}

function literalEnv(entries: readonly EnvEntry[]): Record<string, string> {
  return Object.fromEntries(
    entries.flatMap((entry) => (entry.kind === 'value' ? [[entry.name, entry.value]] : [])),
  );
}

function defaultContainer(
  { container, ports }: PortedContainer,
  implementations: ReadonlyMap<string, string>,
  protocolOf: (unit: string) => string,
  servers: Servers,
): Container {
  const server = implementations.get(container.name);
  const protocol = protocolOf(container.name);
  const image = container.image || (server && findServerImage(servers, server, protocol)) || '';
  return { ...container, image, ports };
}

function defaultUnit(
  written: WrittenUnit,
  ported: readonly PortedContainer[],
  places: Places,
  protocolOf: (unit: string) => string,
): Unit {
  const builtIn = findBuiltIn(written.implementation)?.name;
  const server = parseServer(written.implementation);
  // UNKNOWN_IMPLEMENTATION says no more than nothing: a unit that nobody would call is not what its author meant.
  const silent =
    written.type === undefined &&
    written.methods === undefined &&
    builtIn === undefined &&
    server === undefined;
  return {
    name: written.name,
    path: written.path,
    type:
      server !== undefined || silent ? 'MODEL' : (parseUnitType(written.type) ?? 'UNKNOWN_TYPE'),
    logger: defaultLogger(written),
    protocol: parseProtocol(protocolOf(written.name)) ?? 'seldon',
    builtIn,
    server,
    methods: (written.methods ?? []).flatMap(({ name }) => parseMethod(name) ?? []),
    parameters: written.parameters.map(({ name, value, type }) => ({
      name,
      value,
      type: parseParameterType(type) ?? 'STRING',
    })),
    modelUri: written.modelUri,
    serviceAccountName: written.serviceAccountName,
    envSecretRefName: written.envSecretRefName,
    storageInitializerImage: written.storageInitializerImage,
    endpoint: builtIn === undefined ? defaultEndpoint(written, ported, places) : undefined,
    children: written.children.map((child) => defaultUnit(child, ported, places, protocolOf)),
  };
}

function defaultLogger({ logger }: WrittenUnit): Unit['logger'] {
  const mode = LOGGER_MODES.find((known) => known === logger?.mode);
  return logger === undefined || mode === undefined ? undefined : { url: logger.url, mode };
}

/**
 * A unit with a container is reached where that listens, whatever address is beside it: Seldon's webhook writes one into
 * every object that it stores, and writes it anew at each change.
 */
function defaultEndpoint(
  unit: WrittenUnit,
  ported: readonly PortedContainer[],
  { hostOf, isRun }: Places,
): Endpoint | undefined {
  const entry = ported.find(({ container }) => container.name === unit.name);
  const type = parseEndpointType(unit.endpoint?.type);
  const written = unit.endpoint;
  if (written !== undefined && isAddress(written) && !(entry !== undefined && isRun(entry))) {
    const { httpPort, grpcPort, servicePort } = written;
    return {
      host: written.host,
      httpPort: httpPort ?? servicePort ?? entry?.ports.http ?? grpcPort ?? 0,
      grpcPort: grpcPort ?? servicePort ?? entry?.ports.grpc ?? httpPort ?? 0,
      type,
      from: 'endpoint',
    };
  }
  if (entry === undefined) return undefined;
  const { http: httpPort, grpc: grpcPort } = entry.ports;
  return { host: hostOf(entry), httpPort, grpcPort, type, from: 'container' };
}

function parseEndpointType(type: string | undefined): Endpoint['type'] {
  return type === 'REST' || type === 'GRPC' ? type : '';
}

/** The first pod holds the data plane, so its containers are local; the others have a Service each. */
function clusterHost(
  deployment: WrittenDeployment,
  predictor: WrittenPredictor,
  { container }: PortedContainer,
): string {
  const separate = deployment.annotations[SELDON_ANNOTATIONS.separatePod] === 'true';
  if (container.componentSpec === 0 && !separate) return 'localhost';
  const service = `${deployment.name}-${predictor.name}-${container.name}`;
  return `${service}.${deployment.namespace}.svc.cluster.local`;
}
