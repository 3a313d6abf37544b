// Where the explainers of the chosen predictors are reached, and what has to be started for them: an address of the command line, the
// command of their container, or MLServer with Alibi's runtime (protocol v2) where that is on PATH. A graph serves without its explainers,
// so one that cannot be run here is left out with a note.
import { resolve as resolvePath } from 'node:path';
import { listUnits } from '../../graph/plan/deployment.ts';
import type { Deployment, Explainer, Predictor } from '../../graph/plan/deployment.ts';
import { explainerArguments, explainerEnvironment } from '../../graph/seldon/explainer-start.ts';
import type { ExplainerPlace } from '../../graph/seldon/explainer-start.ts';
import { expandVariables } from '../../graph/seldon/unit-environment.ts';
import { givenValues } from './environment.ts';
import { findFreePort } from './ports.ts';
import { findFolder, findProgram, SINGLE_MODEL } from './servers.ts';
import type { ResolvedUnit, ResolveOptions } from './resolve.ts';
import { LOCAL_HOST } from '../../lib/runtime/hosts.ts';

export interface ExplainerOptions extends ResolveOptions {
  /** Ports of the ingress, by which explainers ask the graph. */
  readonly ingress: { readonly http: number; readonly grpc: number };
}

export interface ResolvedExplainers {
  readonly units: readonly ResolvedUnit[];
  /** What is left out, and why. */
  readonly notes: readonly string[];
}

/** Out of the way of units, whose metrics begin at 6000. */
const FIRST_METRICS_PORT = 6500;
/** How an explainer is called on the command line and in messages: `explainer`, or `PREDICTOR/explainer`. */
const NAME = 'explainer';

/** `taken` are ports that units have. */
export async function resolveExplainers(
  deployment: Deployment,
  options: ExplainerOptions,
  taken: readonly number[],
): Promise<ResolvedExplainers> {
  const units: ResolvedUnit[] = [];
  const notes: string[] = [];
  const ports = new Set([...options.reserved, ...taken]);
  for (const predictor of deployment.predictors) {
    const { explainer } = predictor;
    if (explainer === undefined) continue;
    const found = await resolveOne(deployment, predictor, explainer, options, ports);
    if (typeof found === 'string') notes.push(found);
    else units.push(found);
  }
  return { units, notes };
}

async function resolveOne(
  deployment: Deployment,
  predictor: Predictor,
  explainer: Explainer,
  options: ExplainerOptions,
  ports: Set<number>,
): Promise<ResolvedUnit | string> {
  const name = NAME;
  if (listUnits(predictor.graph).some((unit) => unit.name === name))
    return `the explainer of predictor ${predictor.name} is not run here: a unit has the name ${name}`;
  const common = { predictor: predictor.name, name };
  const given = options.given.get(`${predictor.name}/${name}`) ?? options.given.get(name);
  if (given !== undefined) {
    const port = given.httpPort ?? given.grpcPort ?? 0;
    const address = { host: given.host, httpPort: port, grpcPort: port };
    return { ...common, address, how: 'command line', spec: undefined };
  }
  const { container, modelUri } = explainer;
  const isV2 = deployment.protocol === 'v2';
  const mlserver =
    isV2 && container.command.length === 0 ? findProgram('mlserver', options.env) : undefined;
  const ways = `give its address with --unit ${name}=http://HOST:PORT, or a command in ${container.path}`;
  if (container.command.length === 0 && mlserver === undefined)
    return `the explainer of predictor ${predictor.name} is not run here: ${isV2 ? 'put mlserver with mlserver-alibi-explain on PATH, ' : ''}${ways}`;
  const modelDir = findFolder(
    modelUri,
    options.models.get(`${predictor.name}/${name}`) ?? options.models.get(name),
    options.baseDir,
  );
  if (modelDir === undefined && modelUri !== '')
    return `the explainer of predictor ${predictor.name} is not run here: ${modelUri} is no folder of this machine; name one with --model ${name}=FOLDER, or ${ways}`;
  const running = options.running.get(`${predictor.name}/${name}`);
  const httpPort = running?.http ?? (await findFreePort(container.ports.http, ports));
  ports.add(httpPort);
  const grpcPort = running?.grpc ?? (await findFreePort(container.ports.grpc, ports));
  ports.add(grpcPort);
  const metrics = running?.metrics ?? (await findFreePort(FIRST_METRICS_PORT, ports));
  ports.add(metrics);
  const isGrpc = explainer.transport === 'grpc' && !isV2;
  const place: ExplainerPlace = {
    protocol: deployment.protocol,
    root: predictor.graph.name,
    predictorHost: `${LOCAL_HOST}:${isGrpc ? options.ingress.grpc : options.ingress.http}`,
    modelDir: modelDir ?? '',
    httpPort,
  };
  const moved = {
    ...explainer,
    container: { ...container, ports: { http: httpPort, grpc: grpcPort, metrics } },
  };
  const model = `${deployment.name}-${predictor.name}-explainer`;
  const values = {
    ...explainerEnvironment(moved, place, model),
    ...SINGLE_MODEL,
    ...ownValues(explainer),
    ...givenValues(options.outside, predictor.name, name),
  };
  const argv =
    mlserver === undefined
      ? [
          ...container.command,
          ...(container.args.length > 0 || isV2
            ? container.args
            : explainerArguments(explainer, place)),
        ].map((word) => expandVariables(word, values))
      : [mlserver, 'start', modelDir ?? options.baseDir];
  const several = deployment.predictors.length > 1;
  return {
    ...common,
    address: { host: LOCAL_HOST, httpPort, grpcPort },
    how: 'started here',
    spec: {
      name: several ? `${predictor.name}/${name}` : name,
      argv,
      cwd: resolvePath(options.baseDir, container.workingDir),
      env: { ...inherited(options.env), ...values },
      ports: [httpPort],
      otherPorts: [],
      metricsPort: metrics,
    },
  };
}

/** What the container says itself; what comes from Secrets is not at hand. */
function ownValues({ container }: Explainer): Record<string, string> {
  return Object.fromEntries(
    container.env.flatMap((entry) => (entry.kind === 'value' ? [[entry.name, entry.value]] : [])),
  );
}

function inherited(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
