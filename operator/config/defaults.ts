// What the sidecars are given where nobody says otherwise, and how far a deployment's author may go. The chart's values fill
// in these fields; the annotations of a deployment move single ones within the bounds.
import { type AccessLog, DEFAULT_ACCESS_LOG } from '../../envoy/kit/layout.ts';
import type { LogLevel } from '../../lib/runtime/log.ts';

export interface SidecarDefaults {
  /** Of this operator's sidecars; a template with another one keeps it until its containers change. */
  readonly version: string;
  readonly images: { readonly envoy: string; readonly filter: string };
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** User and group of both sidecars, which share unix sockets; null leaves it to the platform (OpenShift). */
  readonly userId: number | null;
  readonly logLevel: LogLevel;
  /** Which requests have a line in Envoy's access log. */
  readonly accessLog: AccessLog;
  /** Envoy's worker threads; 0 for what the CPU of its container gives. */
  readonly concurrency: number;
  /** How long Envoy goes on serving after a pod is told to end, s. */
  readonly drainSeconds: number;
  /** Memory for sockets and Envoy's files, a Kubernetes quantity. */
  readonly runVolumeSize: string;
  readonly envoy: Resources;
  readonly filter: Resources;
  readonly bounds: SidecarBounds;
}

/** Kubernetes quantities; an empty text sets none, but a CPU request there must be: an autoscaler on CPU fails without. */
export interface Resources {
  readonly cpuRequest: string;
  readonly cpuLimit: string;
  readonly memoryRequest: string;
  readonly memoryLimit: string;
}

export interface SidecarBounds {
  /** Thousandths of a core. */
  readonly cpuMilli: Range;
  readonly memoryBytes: Range;
  readonly concurrency: Range;
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_SIDECAR: SidecarDefaults = {
  version: '0.1.0',
  images: { envoy: 'sidegraph/envoy:0.1.0', filter: 'sidegraph/sidegraph:0.1.0' },
  imagePullPolicy: 'IfNotPresent',
  userId: 65_532,
  logLevel: 'info',
  accessLog: DEFAULT_ACCESS_LOG,
  concurrency: 0,
  drainSeconds: 10,
  runVolumeSize: '64Mi',
  envoy: { cpuRequest: '50m', cpuLimit: '', memoryRequest: '64Mi', memoryLimit: '512Mi' },
  filter: { cpuRequest: '50m', cpuLimit: '', memoryRequest: '96Mi', memoryLimit: '640Mi' },
  bounds: {
    cpuMilli: { min: 10, max: 8000 },
    memoryBytes: { min: 32 * MIB, max: 8192 * MIB },
    concurrency: { min: 1, max: 16 },
  },
};
