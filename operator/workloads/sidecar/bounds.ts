// The settings of one pod's sidecars: the operator's defaults with what the deployment's annotations ask for. Only sizes and
// the log level can be asked for, each within bounds; anything else would let who may write a graph decide what runs.
import { envoyWorkers } from '../../../envoy/kit/concurrency.ts';
import { ACCESS_LOGS, type AccessLog } from '../../../envoy/kit/layout.ts';
import { openFindings } from '../../../graph/manifest/finding.ts';
import type { Finding } from '../../../graph/manifest/finding.ts';
import { joinPath } from '../../../graph/manifest/manifest-lines.ts';
import type { Range, Resources, SidecarBounds, SidecarDefaults } from '../../config/defaults.ts';
import { parseQuantity } from './quantity.ts';
import { LOG_LEVELS, type LogLevel } from '../../../lib/runtime/log.ts';
import { SIDECAR_ANNOTATIONS } from '../../../graph/seldon/annotation-names.ts';

export interface SidecarSettings {
  readonly logLevel: LogLevel;
  readonly accessLog: AccessLog;
  /** Envoy's worker threads, at least one. */
  readonly concurrency: number;
  readonly envoy: Resources;
  readonly filter: Resources;
}

export interface BoundSettings {
  readonly settings: SidecarSettings;
  /** One for each annotation that was left out. */
  readonly findings: readonly Finding[];
}

type Read<T> = { readonly value: T } | { readonly wanted: string };

/** Reads the overrides among `annotations`; a wrong one is told and the default used. `path` is where they stand. */
export function boundSettings(
  annotations: Readonly<Record<string, string>>,
  defaults: SidecarDefaults,
  path: string,
  source = '',
): BoundSettings {
  const sink = openFindings(source, () => undefined);
  const { bounds } = defaults;
  const take = <T>(name: string, standard: T, read: (text: string) => Read<T>): T => {
    const text = annotations[name];
    if (text === undefined) return standard;
    const result = read(text.trim());
    if ('value' in result) return result.value;
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    const advice = `write ${result.wanted}`;
    sink.add(
      'SIDECAR_SETTING',
      joinPath(path, name),
      `${name} is ${shown}; it is not used`,
      advice,
    );
    return standard;
  };
  const names = SIDECAR_ANNOTATIONS;
  const resources = (of: 'envoy' | 'filter'): Resources =>
    orderLimits({
      cpuRequest: take(names[`${of}CpuRequest`], defaults[of].cpuRequest, readCpu(bounds)),
      cpuLimit: take(names[`${of}CpuLimit`], defaults[of].cpuLimit, readCpu(bounds)),
      memoryRequest: take(
        names[`${of}MemoryRequest`],
        defaults[of].memoryRequest,
        readMemory(bounds),
      ),
      memoryLimit: take(names[`${of}MemoryLimit`], defaults[of].memoryLimit, readMemory(bounds)),
    });
  const envoy = resources('envoy');
  const settings: SidecarSettings = {
    logLevel: take(names.logLevel, defaults.logLevel, readWord(LOG_LEVELS)),
    accessLog: take(names.accessLog, defaults.accessLog, readWord(ACCESS_LOGS)),
    concurrency: take(
      names.envoyConcurrency,
      defaults.concurrency === 0 ? envoyWorkers(cpusOf(envoy)) : defaults.concurrency,
      readConcurrency(bounds.concurrency),
    ),
    envoy,
    filter: resources('filter'),
  };
  return { settings, findings: sink.findings };
}

/** What Envoy may use, or is sure to get where nothing bounds it. */
function cpusOf({ cpuLimit, cpuRequest }: Resources): number {
  return parseQuantity(cpuLimit) ?? parseQuantity(cpuRequest) ?? 1;
}

function readWord<T extends string>(words: readonly T[]): (text: string) => Read<T> {
  return (text) => {
    const word = words.find((known) => known === text);
    return word === undefined ? { wanted: `one of ${words.join(', ')}` } : { value: word };
  };
}

function readConcurrency({ min, max }: Range): (text: string) => Read<number> {
  return (text) => {
    const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max
      ? { value }
      : { wanted: `an integer from ${min} to ${max}` };
  };
}

function readCpu({ cpuMilli: { min, max } }: SidecarBounds): (text: string) => Read<string> {
  return (text) => {
    const milli = (parseQuantity(text) ?? Number.NaN) * 1000;
    return milli >= min && milli <= max
      ? { value: text }
      : { wanted: `a CPU quantity from ${min}m to ${max}m` };
  };
}

function readMemory({ memoryBytes: { min, max } }: SidecarBounds): (text: string) => Read<string> {
  return (text) => {
    const bytes = parseQuantity(text) ?? Number.NaN;
    return bytes >= min && bytes <= max
      ? { value: text }
      : { wanted: `a memory quantity from ${min} to ${max} bytes, as 512Mi` };
  };
}

/** Kubernetes refuses a request above its limit: the larger of the two is meant. */
function orderLimits(resources: Resources): Resources {
  const { cpuRequest, cpuLimit, memoryRequest, memoryLimit } = resources;
  return {
    ...resources,
    cpuLimit: larger(cpuLimit, cpuRequest),
    memoryLimit: larger(memoryLimit, memoryRequest),
  };
}

function larger(limit: string, request: string): string {
  if (limit === '') return limit;
  return (parseQuantity(request) ?? 0) > (parseQuantity(limit) ?? 0) ? request : limit;
}
