// Reads SeldonDeployments that come from a cluster. Whoever may write one there shares the process that reads it with everybody
// else, so a long-running process has them read on another thread (thread-reader.ts), and does not load what reads them; a command
// reads them where it is (inline.ts).
import { openFindings } from '../../graph/manifest/finding.ts';
import type { FindingCode } from '../../graph/manifest/finding-codes.ts';
import type { LoadedDeployments, LoadOptions } from '../../graph/seldon/load-deployments.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { SidecarDefaults } from '../config/defaults.ts';
import type { OperatorConfig } from '../config/workload-config.ts';

/** How the object is named in findings. */
export const SOURCE = 'SeldonDeployment';

export interface ReadOptions extends Pick<LoadOptions, 'firstPorts' | 'servers'> {
  readonly sidecar: SidecarDefaults;
  readonly keda: OperatorConfig['keda'];
  /** Whether only the findings are asked for: then no deployment is copied back. */
  readonly isForFindings?: boolean;
}

export interface Reader {
  /**
   * The deployment of an object (`readablePart`), with what is wrong with it; `namespace` is whose it is, for those that have to wait
   * their turn. Rejects only where the reader is closed.
   */
  read(object: JsonObject, options: ReadOptions, namespace: string): Promise<LoadedDeployments>;
}

/** An object that was not read, with the reason. */
export function unread(code: FindingCode, message: string): LoadedDeployments {
  const sink = openFindings(SOURCE, () => undefined);
  sink.add(code, '', message);
  return { deployments: [], findings: sink.findings };
}

/** What of a stored object is read: neither status nor bookkeeping. */
export function readablePart(
  object: JsonObject,
  metadata: { readonly name: unknown; readonly namespace: string; readonly annotations?: unknown },
): JsonObject {
  const { name, namespace, annotations } = metadata;
  return {
    apiVersion: object['apiVersion'],
    kind: object['kind'],
    metadata: { name, namespace, ...(annotations === undefined ? {} : { annotations }) },
    ...(object['spec'] === undefined ? {} : { spec: object['spec'] }),
  };
}

/** The settings of a cluster that reading depends on. */
export function readOptions(config: OperatorConfig): ReadOptions {
  const { ports, predictorServers, sidecar, keda } = config;
  return {
    sidecar,
    keda,
    servers: predictorServers,
    firstPorts: ports,
  };
}
