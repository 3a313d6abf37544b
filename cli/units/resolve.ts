// Where each unit of the chosen predictors is reached, and what has to be started for it. In this order: an address on
// the command line, one in the file, the container's command as a local process. All that is missing is told at once.
import { resolve as resolvePath } from 'node:path';
import { existsSync } from 'node:fs';
import { findContainer, listUnits } from '../../graph/plan/deployment.ts';
import type {
  Address,
  Container,
  ContainerPorts,
  Deployment,
  Predictor,
  Unit,
} from '../../graph/plan/deployment.ts';
import { findReplacement } from '../../graph/built-ins/table.ts';
import { unitCommand, unitEnvironment } from '../../graph/seldon/unit-environment.ts';
import { CommandFailure, joinFailures } from '../../lib/runtime/failure.ts';
import { givenValues } from './environment.ts';
import type { OutsideValues } from './environment.ts';
import { type PortClaim, findFreePort } from './ports.ts';
import { findServer } from './servers.ts';
import type { UnitProcessSpec } from './unit.ts';
import type { UnitAddress } from './url.ts';
import { LOCAL_HOST } from '../../lib/runtime/hosts.ts';

export interface ResolvedUnit {
  readonly predictor: string;
  readonly name: string;
  readonly address: Address;
  readonly how: 'command line' | 'file' | 'started here';
  /** What to start; undefined for units that run elsewhere. */
  readonly spec: UnitProcessSpec | undefined;
}

export interface Resolution {
  readonly units: readonly ResolvedUnit[];
  /** Overrides for the compiler, by `predictor/unit`. */
  readonly addresses: ReadonlyMap<string, Address>;
  /** Ports of this machine that started units need. */
  readonly claims: readonly PortClaim[];
}

export interface ResolveOptions {
  readonly given: ReadonlyMap<string, UnitAddress>;
  readonly outside: OutsideValues;
  /** From --model: folder of a unit's model, by its name or `predictor/unit`. */
  readonly models: ReadonlyMap<string, string>;
  /** Directory of the file; commands are run there. */
  readonly baseDir: string;
  /** Environment of `run` itself, which started units inherit. */
  readonly env: NodeJS.ProcessEnv;
  /** Ports that are taken by the ingress. */
  readonly reserved: readonly number[];
  /** Started units whose ports are taken get others. */
  readonly freePorts: boolean;
  /** Ports of local units that run already, by `predictor/unit`, so that a new reading keeps them. */
  readonly running: ReadonlyMap<string, ContainerPorts>;
}

/**
 * Throws one CommandFailure that names every unit without an address and every variable without a value; `strays` are
 * failures that are known already.
 */
export async function resolveUnits(
  deployment: Deployment,
  options: ResolveOptions,
  strays: readonly CommandFailure[] = [],
): Promise<Resolution> {
  const state: State = {
    units: [],
    addresses: new Map(),
    claims: [],
    failures: [],
    ports: new Set(options.reserved),
  };
  for (const [position, predictor] of deployment.predictors.entries()) {
    for (const unit of listUnits(predictor.graph)) {
      if (unit.builtIn !== undefined) continue;
      await resolveUnit(
        deployment,
        predictor,
        unit,
        position > 0 || options.freePorts,
        options,
        state,
      );
    }
  }
  const failure = joinFailures([...state.failures, ...strays]);
  if (failure !== undefined) throw failure;
  return { units: state.units, addresses: state.addresses, claims: state.claims };
}

interface State {
  readonly units: ResolvedUnit[];
  readonly addresses: Map<string, Address>;
  readonly claims: PortClaim[];
  readonly failures: CommandFailure[];
  /** Ports given out up to here. */
  readonly ports: Set<number>;
}

async function resolveUnit(
  deployment: Deployment,
  predictor: Predictor,
  unit: Unit,
  mayMove: boolean,
  options: ResolveOptions,
  state: State,
): Promise<void> {
  const key = `${predictor.name}/${unit.name}`;
  const common = { predictor: predictor.name, name: unit.name };
  const flag = findGiven(options.given, predictor.name, unit.name);
  if (flag !== undefined) {
    const address = complete(flag, unit);
    state.addresses.set(key, address);
    state.units.push({ ...common, address, how: 'command line', spec: undefined });
    return;
  }
  const container = findContainer(predictor, unit.name);
  if (unit.endpoint?.from === 'endpoint') {
    const { host, httpPort, grpcPort } = unit.endpoint;
    state.units.push({
      ...common,
      address: { host, httpPort, grpcPort },
      how: 'file',
      spec: undefined,
    });
    return;
  }
  const hasCommand = container !== undefined && container.command.length > 0;
  const server = hasCommand
    ? undefined
    : findServer(unit, {
        env: options.env,
        baseDir: options.baseDir,
        model: options.models.get(key) ?? options.models.get(unit.name),
      });
  if (server instanceof CommandFailure) {
    state.failures.push(server);
    return;
  }
  if (container === undefined || (!hasCommand && server === undefined)) {
    state.failures.push(missing(predictor, unit, container));
    return;
  }
  const ports = await choosePorts(
    container,
    options.running.get(key),
    { mayMove, freePorts: options.freePorts },
    state,
  );
  const address: Address = { host: LOCAL_HOST, httpPort: ports.http, grpcPort: ports.grpc };
  const given = givenValues(options.outside, predictor.name, unit.name);
  const { values, needed } = unitEnvironment(deployment, predictor, unit, {
    given,
    ports,
    modelDir: server?.modelDir,
  });
  for (const each of needed) {
    const whole = each.name.endsWith('*');
    // A whole Secret may well be in the file of values; which names it has, nobody here knows.
    if (each.optional || (whole && options.outside.shared.size > 0)) continue;
    state.failures.push(
      new CommandFailure(
        'VALUE_MISSING',
        `unit ${unit.name}: the environment variable ${each.name} comes from ${each.from}, which is not in the file`,
        whole
          ? 'give its values with --env-file FILE, one NAME=VALUE a line'
          : `give it with --set ${unit.name}.${each.name}=VALUE, or with a line ${each.name}=VALUE in --env-file`,
      ),
    );
  }
  const cwd = resolvePath(options.baseDir, container.workingDir);
  if (!existsSync(cwd)) {
    state.failures.push(
      new CommandFailure(
        'UNIT_NOT_STARTED',
        `unit ${unit.name}: its workingDir ${container.workingDir} does not exist on this machine`,
        `make it, or leave ${container.path}.workingDir out: commands are run in the directory of the file`,
      ),
    );
  }
  const several = deployment.predictors.length > 1;
  state.addresses.set(key, address);
  state.units.push({
    ...common,
    address,
    how: 'started here',
    spec: {
      name: several ? key : unit.name,
      argv: server?.argv(ports) ?? unitCommand(container, values),
      cwd,
      env: { ...inherited(options.env), ...server?.env, ...values },
      ...(serves(deployment, unit) === 'grpc'
        ? { ports: [ports.grpc], otherPorts: [ports.http] }
        : { ports: [ports.http], otherPorts: [ports.grpc] }),
      metricsPort: ports.metrics,
    },
  });
  const owner = `unit ${several ? key : unit.name}`;
  const advice = `let it have another one with --free-ports, or write one in the container's ports of unit ${unit.name} (named http and grpc)`;
  state.claims.push(
    { port: ports.http, host: LOCAL_HOST, owner: `${owner} (HTTP)`, advice },
    { port: ports.grpc, host: LOCAL_HOST, owner: `${owner} (gRPC)`, advice },
  );
}

/** A second predictor is another pod in a cluster and has the same port numbers; here it has to move aside. */
async function choosePorts(
  container: Container,
  running: ContainerPorts | undefined,
  { mayMove, freePorts }: { readonly mayMove: boolean; readonly freePorts: boolean },
  state: State,
): Promise<ContainerPorts> {
  let { http, grpc, metrics } = container.ports;
  if (mayMove) {
    if (running !== undefined) {
      ({ http, grpc, metrics } = running);
    } else {
      if (state.ports.has(http)) http = await findFreePort(http + 1, state.ports);
      else if (freePorts) http = await findFreePort(http, state.ports);
      state.ports.add(http);
      if (state.ports.has(grpc)) grpc = await findFreePort(grpc + 1, state.ports);
      else if (freePorts) grpc = await findFreePort(grpc, state.ports);
      state.ports.add(grpc);
      if (state.ports.has(metrics)) metrics = await findFreePort(metrics + 1, state.ports);
      else if (freePorts) metrics = await findFreePort(metrics, state.ports);
    }
  }
  state.ports.add(http).add(grpc).add(metrics);
  return { http, grpc, metrics };
}

/** Which port a unit surely answers on: a gRPC one only where the file says so. */
function serves(deployment: Deployment, unit: Unit): 'rest' | 'grpc' {
  if (unit.endpoint?.type === 'GRPC') return 'grpc';
  if (unit.endpoint?.type === 'REST') return 'rest';
  return deployment.transport;
}

/** What a unit's process has from ours: PATH and the like. */
function inherited(env: NodeJS.ProcessEnv): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) values[name] = value;
  return values;
}

function findGiven(
  given: ReadonlyMap<string, UnitAddress>,
  predictor: string,
  unit: string,
): UnitAddress | undefined {
  return given.get(`${predictor}/${unit}`) ?? given.get(unit);
}

/** A transport without an address of its own is asked at the file's port, else at the port that was given. */
function complete(given: UnitAddress, unit: Unit): Address {
  const written = unit.endpoint?.from === 'endpoint' ? unit.endpoint : undefined;
  return {
    host: given.host,
    httpPort: given.httpPort ?? written?.httpPort ?? given.grpcPort ?? 0,
    grpcPort: given.grpcPort ?? written?.grpcPort ?? given.httpPort ?? 0,
  };
}

function missing(
  predictor: Predictor,
  unit: Unit,
  container: Container | undefined,
): CommandFailure {
  const byOption = `give it with --unit ${unit.name}=http://HOST:PORT`;
  const byEndpoint = `with endpoint.service_host and ports at ${unit.path}`;
  if (container !== undefined && container.image !== '') {
    const replacement = findReplacement(container.image);
    const args = container.args.length > 0 ? ' and args' : '';
    return new CommandFailure(
      'IMAGE_WITHOUT_COMMAND',
      `unit ${unit.name}: its container names the image ${container.image}${args} but no command, and images are not run here`,
      `${replacement === undefined ? '' : `write implementation: ${replacement.name} for ${unit.name} and leave its container out, which is the same router built in; or `}write the command that serves it on this machine into ${container.path}.command; or ${byOption}, or ${byEndpoint}`,
    );
  }
  return new CommandFailure(
    'ADDRESS_MISSING',
    `unit ${unit.name} (predictor ${predictor.name}) has no address`,
    `${byOption}, ${byEndpoint}, or with a command in its container`,
  );
}
