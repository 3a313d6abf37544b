// From a file's text to everything that `run` needs of it: the plan, the units with their addresses, what to start. Used
// at the start and again at each change of the file. It looks at files and ports of the machine, and starts nothing.
import type { Deployment } from '../../../graph/plan/deployment.ts';
import type { ContainerPorts } from '../../../graph/plan/deployment.ts';
import { compileDeployment } from '../../../graph/compile/compile-deployment.ts';
import type { Finding } from '../../../graph/manifest/finding.ts';
import type { DeploymentPlan } from '../../../graph/plan/plan.ts';
import { CommandFailure } from '../../../lib/runtime/failure.ts';
import { NO_TRACING, type TracingDefaults } from '../../../graph/seldon/tracing.ts';
import type { RunOptions } from './parse.ts';
import type { Paint } from '../../../lib/runtime/paint.ts';
import { selectDeployment } from '../select.ts';
import type { OutsideValues } from '../../units/environment.ts';
import { resolveExplainers } from '../../units/explainers.ts';
import { type PortClaim, findClash } from '../../units/ports.ts';
import { type ResolvedUnit, resolveUnits } from '../../units/resolve.ts';
import { isThisHost } from '../../../lib/runtime/hosts.ts';

export interface Prepared {
  readonly deployment: Deployment;
  readonly plan: DeploymentPlan;
  readonly units: readonly ResolvedUnit[];
  /** All ports of this machine that will be listened on. */
  readonly claims: readonly PortClaim[];
  /** What is left out of the run, in words. */
  readonly notes: readonly string[];
  /** Warnings; errors are thrown. */
  readonly findings: readonly Finding[];
}

export interface PrepareContext {
  readonly options: RunOptions;
  readonly outside: OutsideValues;
  readonly baseDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly paint: Paint;
}

/** Throws a CommandFailure that tells all that is wrong. `running`: ports of units that were started before. */
export async function prepare(
  text: string,
  source: string,
  context: PrepareContext,
  running: ReadonlyMap<string, ContainerPorts>,
): Promise<Prepared> {
  const { options, env } = context;
  const named = [
    ...[...context.outside.perUnit.keys()].map((name) => ({ flag: '--set', name })),
    ...[...options.models.keys()].map((name) => ({ flag: '--model', name })),
  ];
  const { deployment, findings, strays } = selectDeployment(
    text,
    source,
    options,
    context.paint,
    named,
  );
  const own = listOwnPorts(options);
  const unitOptions = {
    given: options.units,
    outside: context.outside,
    models: options.models,
    baseDir: context.baseDir,
    env,
    reserved: own.map((claim) => claim.port),
    freePorts: options.freePorts,
    running,
  };
  const { units, addresses, claims } = await resolveUnits(deployment, unitOptions, strays);
  const explainers = await resolveExplainers(
    deployment,
    { ...unitOptions, ingress: { http: options.port, grpc: options.grpcPort } },
    claims.map(({ port }) => port),
  );
  const all = [...own, ...claims];
  const clash = findClash(all);
  if (clash !== undefined) throw clash;
  refuseLoop(units, options);
  return {
    deployment,
    plan: withExplainers(
      compileDeployment(deployment, { addresses, env, tracing: tracingOf(options) }),
      explainers.units,
    ),
    units: [...units, ...explainers.units],
    notes: explainers.notes,
    claims: all,
    findings,
  };
}

/** With where the explainers are, for the routes of the ingress. */
function withExplainers(plan: DeploymentPlan, explainers: readonly ResolvedUnit[]): DeploymentPlan {
  const predictors = plan.predictors.map((each) => {
    const found = explainers.find(({ predictor }) => predictor === each.plan.predictor);
    if (found === undefined) return each;
    const { host, httpPort: port } = found.address;
    return { ...each, explainer: { host, port } };
  });
  return { ...plan, predictors };
}

/** On one's own machine every request is traced that nobody decides otherwise about. */
function tracingOf({ otlp }: RunOptions): TracingDefaults {
  return { ...NO_TRACING, url: otlp ?? '', samplingPercent: 100 };
}

function listOwnPorts(options: RunOptions): PortClaim[] {
  const { host, port, grpcPort, adminPort } = options;
  const claims: PortClaim[] = [
    { port, host, owner: 'the ingress (--port)', advice: 'choose another one with --port' },
    {
      port: grpcPort,
      host,
      owner: 'the gRPC ingress (--grpc-port)',
      advice: 'choose another one with --grpc-port',
    },
  ];
  if (adminPort !== undefined) {
    claims.push({
      port: adminPort,
      host,
      owner: '--admin-port',
      advice: 'choose another one with --admin-port',
    });
  }
  return claims;
}

/** A unit whose address is our own would ask us, who ask the unit, without end. */
function refuseLoop(units: readonly ResolvedUnit[], { host, port, grpcPort }: RunOptions): void {
  for (const { name, address } of units) {
    const here = isThisHost(address.host) || address.host === host;
    if (!here || (address.httpPort !== port && address.httpPort !== grpcPort)) continue;
    throw new CommandFailure(
      'PORT_CLASH',
      `unit ${name} has the address ${address.host}:${address.httpPort}, on which this run itself is to listen`,
      'give the unit its own address, or choose other ports with --port and --grpc-port',
    );
  }
}
