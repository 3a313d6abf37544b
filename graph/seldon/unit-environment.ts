// The environment that Seldon's operator gives the container of a unit, joined with the container's own. What is not in the
// file (Secrets, ConfigMaps) is listed, so that whoever starts the container can ask for it.
import { findContainer } from '../plan/deployment.ts';
import type { Container, ContainerPorts, Deployment, Predictor, Unit } from '../plan/deployment.ts';
import { canonicalJson } from '../plan/json-value.ts';
import { MODEL_DIR, serverParameters } from './server-parameters.ts';

export interface UnitEnvironment {
  /** In the order in which they are set. */
  readonly values: Readonly<Record<string, string>>;
  /** Variables that the file takes from elsewhere and nobody has given. */
  readonly needed: readonly NeededValue[];
}

export interface NeededValue {
  /** Name of the variable; of an `envFrom`, its prefix and `*`. */
  readonly name: string;
  /** Where the file takes it from: `secret db/password`. */
  readonly from: string;
  readonly optional: boolean;
}

export interface EnvironmentOptions {
  /** Given values; they replace the container's own and fill what is needed. */
  readonly given?: Readonly<Record<string, string>>;
  /** Ports other than the defaulted ones. */
  readonly ports?: ContainerPorts;
  /** Where a prepackaged server finds its model, other than in a pod. */
  readonly modelDir?: string | undefined;
}

/** The environment of a unit's container; built-ins and units without container get what there is. */
export function unitEnvironment(
  deployment: Deployment,
  predictor: Predictor,
  unit: Unit,
  { given = {}, ports, modelDir = MODEL_DIR }: EnvironmentOptions = {},
): UnitEnvironment {
  const own = ownValues(findContainer(predictor, unit.name), given);
  const { replaceable, fixed } = injectedEnvironment(deployment, predictor, unit, modelDir, ports);
  const joined = { ...replaceable, ...own.values, ...given, ...fixed };
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(joined))
    values[name] = expandVariables(value, { ...joined, ...values });
  return { values, needed: own.needed };
}

/** What the operator adds to a unit's container, `$(NAME)` unexpanded. */
export interface InjectedEnvironment {
  /** Those that the container's own environment may replace. */
  readonly replaceable: Readonly<Record<string, string>>;
  /** Those that nobody replaces. */
  readonly fixed: Readonly<Record<string, string>>;
}

export function injectedEnvironment(
  deployment: Deployment,
  predictor: Predictor,
  unit: Unit,
  modelDir: string = MODEL_DIR,
  ports?: ContainerPorts,
): InjectedEnvironment {
  const container = findContainer(predictor, unit.name);
  const fixed = identityValues(deployment, predictor, unit, container);
  const parameters = JSON.stringify(
    serverParameters(predictor, unit, modelDir).map(({ name, value, type }) => ({
      name,
      value,
      type,
    })),
  );
  const replaceable = standardValues(deployment, unit, modelDir, ports ?? container?.ports);
  // A prepackaged server is told where its model lies, whatever the user wrote.
  const place = unit.server === undefined ? replaceable : fixed;
  place['PREDICTIVE_UNIT_PARAMETERS'] = parameters;
  return { replaceable, fixed };
}

/** Command and arguments of a container with `$(NAME)` replaced; empty when the file names neither. */
export function unitCommand(
  container: Container,
  values: Readonly<Record<string, string>>,
): readonly string[] {
  return [...container.command, ...container.args].map((word) => expandVariables(word, values));
}

/** Replaces `$(NAME)` as Kubernetes does: `$$` is a dollar, unknown names stay as they are. */
export function expandVariables(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^()]*)\)/g, (match, name: string | undefined) => {
    if (name === undefined) return '$';
    return Object.hasOwn(values, name) ? (values[name] ?? match) : match;
  });
}

function ownValues(
  container: Container | undefined,
  given: Readonly<Record<string, string>>,
): UnitEnvironment {
  const values: Record<string, string> = {};
  const needed: NeededValue[] = [];
  for (const { from, name, prefix, optional } of container?.envFrom ?? [])
    needed.push({ name: `${prefix}*`, from: `${from} ${name}`, optional });
  for (const entry of container?.env ?? []) {
    if (entry.kind === 'value') values[entry.name] = entry.value;
    else if (!Object.hasOwn(given, entry.name)) {
      const from = `${entry.from} ${entry.reference}`.trim();
      needed.push({ name: entry.name, from, optional: entry.optional });
    }
  }
  return { values, needed };
}

/** Those that the container's own environment may replace. */
function standardValues(
  deployment: Deployment,
  unit: Unit,
  modelDir: string,
  ports: ContainerPorts | undefined,
): Record<string, string> {
  const values: Record<string, string> = {};
  if (ports !== undefined) {
    const grpc = unit.endpoint?.type === 'GRPC' || deployment.transport === 'grpc';
    values['PREDICTIVE_UNIT_SERVICE_PORT'] = String(grpc ? ports.grpc : ports.http);
    values['PREDICTIVE_UNIT_HTTP_SERVICE_PORT'] = String(ports.http);
    values['PREDICTIVE_UNIT_GRPC_SERVICE_PORT'] = String(ports.grpc);
    values['PREDICTIVE_UNIT_METRICS_SERVICE_PORT'] = String(ports.metrics);
    values['MLSERVER_HTTP_PORT'] = String(ports.http);
    values['MLSERVER_GRPC_PORT'] = String(ports.grpc);
    values['MLSERVER_METRICS_PORT'] = String(ports.metrics);
  }
  values['PREDICTIVE_UNIT_METRICS_ENDPOINT'] = '/prometheus';
  values['MLSERVER_METRICS_ENDPOINT'] = '/prometheus';
  values['MLSERVER_MODEL_NAME'] = unit.name;
  if (unit.modelUri !== '') values['MLSERVER_MODEL_URI'] = modelDir;
  return values;
}

/** Those that nobody replaces. */
function identityValues(
  deployment: Deployment,
  predictor: Predictor,
  unit: Unit,
  container: Container | undefined,
): Record<string, string> {
  return {
    PREDICTIVE_UNIT_ID: unit.name,
    PREDICTIVE_UNIT_IMAGE: container?.image ?? '',
    PREDICTOR_ID: predictor.name,
    PREDICTOR_LABELS: canonicalJson(predictor.labels),
    SELDON_DEPLOYMENT_ID: deployment.name,
    SELDON_EXECUTOR_ENABLED: 'true',
  };
}
