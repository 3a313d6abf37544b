// The command line of `sidegraph sidecar`, and what its environment says about the pod.
import type { AccessLog } from '../../envoy/kit/layout.ts';
import type { TlsFiles } from '../../envoy/kit/tls.ts';
import type { LogLevel } from '../../lib/runtime/log.ts';

export interface SidecarOptions {
  /** The mounted file with the plan. */
  readonly plan: string;
  /** The folder that is shared with Envoy's container. */
  readonly run: string;
  /** Of the pod's containers; undefined when no plan is to be refused for it. */
  readonly revision: string | undefined;
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Address of the status port; undefined for all. */
  readonly statusHost: string | undefined;
  readonly statusPort: number;
  /** Where the pod's loopback address tells what happens; undefined for nowhere. */
  readonly livePort: number | undefined;
  readonly workers: number;
  /** Envoy's worker threads, as its container starts it. */
  readonly concurrency: number;
  readonly accessLog: AccessLog;
  /** What Envoy's container may take; undefined for no bound. */
  readonly envoyMemoryBytes: number | undefined;
  /** How long the units live on after the pod was told to end, ms. */
  readonly drainMs: number;
  readonly logLevel: LogLevel;
  /** The certificate of the ingress; undefined for plain HTTP. */
  readonly tls: TlsFiles | undefined;
}

/** What the pod's template says in variables; null where it does not. */
export interface PodFacts {
  readonly pod: string | null;
  readonly namespace: string | null;
  readonly deployment: string | null;
  readonly predictor: string | null;
}

export function readPodFacts(env: NodeJS.ProcessEnv): PodFacts {
  const read = (name: string): string | null => env[name] || null;
  return {
    pod: read('POD_NAME'),
    namespace: read('POD_NAMESPACE'),
    deployment: read('SIDEGRAPH_DEPLOYMENT'),
    predictor: read('SIDEGRAPH_PREDICTOR'),
  };
}
