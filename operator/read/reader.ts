// Reads SeldonDeployments that come from a cluster. Whoever may write one there shares the process that reads it with everybody
// else, so a long-running process has them read on another thread (thread-reader.ts); a command reads them where it is.
import { openFindings } from '../../graph/manifest/finding.ts';
import type { FindingCode } from '../../graph/manifest/finding-codes.ts';
import { loadDeployments } from '../../graph/seldon/load-deployments.ts';
import type { LoadedDeployments, LoadOptions } from '../../graph/seldon/load-deployments.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { SidecarDefaults } from '../config/defaults.ts';
import type { OperatorConfig } from '../config/workload-config.ts';
import { judgeWorkloads } from '../workloads/judge.ts';

export interface ReadOptions extends Pick<LoadOptions, 'env' | 'servers'> {
  readonly sidecar: SidecarDefaults;
}

export interface Reader {
  /**
   * All deployments of a text, with what is wrong with them; `namespace` is whose text it is, for those that have to wait their
   * turn. Rejects only where the reader is closed.
   */
  read(text: string, options: ReadOptions, namespace: string): Promise<LoadedDeployments>;
}

/** On this thread, for as long as it takes. */
export const INLINE_READER: Reader = {
  read: (text, options) => Promise.resolve(readHere(text, options)),
};

export function readHere(text: string, options: ReadOptions): LoadedDeployments {
  const { sidecar, ...others } = options;
  return loadDeployments(text, {
    ...others,
    source: 'SeldonDeployment',
    hosts: 'cluster',
    judge: judgeWorkloads(sidecar),
  });
}

/** A text that was not read, with the reason. */
export function unread(code: FindingCode, message: string): LoadedDeployments {
  const sink = openFindings('SeldonDeployment', () => undefined);
  sink.add(code, '', message);
  return { deployments: [], findings: sink.findings };
}

/**
 * What of a stored object is read, as text: neither status nor bookkeeping. Undefined for one that nests deeper than can be
 * written, which only JSON that never passed an API server does.
 */
export function readableText(
  object: JsonObject,
  metadata: { readonly name: unknown; readonly namespace: string; readonly annotations?: unknown },
): string | undefined {
  const { name, namespace, annotations } = metadata;
  try {
    return JSON.stringify({
      apiVersion: object['apiVersion'],
      kind: object['kind'],
      metadata: { name, namespace, ...(annotations === undefined ? {} : { annotations }) },
      ...(object['spec'] === undefined ? {} : { spec: object['spec'] }),
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The settings of a cluster that reading depends on. */
export function readOptions({ ports, predictorServers, sidecar }: OperatorConfig): ReadOptions {
  return {
    sidecar,
    servers: predictorServers,
    env: {
      PREDICTIVE_UNIT_HTTP_SERVICE_PORT: String(ports.http),
      PREDICTIVE_UNIT_GRPC_SERVICE_PORT: String(ports.grpc),
      PREDICTIVE_UNIT_METRICS_SERVICE_PORT: String(ports.metrics),
    },
  };
}
