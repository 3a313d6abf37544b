// The tables of limits: values from the modules that hold them, meanings from the comments beside them.
import * as filterClients from '../../extproc/client/limits.ts';
import { MAX_GARBAGE_BYTES } from '../../lib/runtime/collect-garbage.ts';
import * as filterMemory from '../../extproc/contract/memory-shares.ts';
import * as filterTracing from '../../extproc/tracing/limits.ts';
import * as payloadLogs from '../../extproc/payload-log/limits.ts';
import * as filterReading from '../../dialects/reading-limits.ts';
import * as filterServer from '../../extproc/contract/transport-limits.ts';
import { COPY_STEP_BYTES } from '../../extproc/contract/copy-in-steps.ts';
import * as filterUnpacking from '../../extproc/contract/unpack/limits.ts';
import {
  MIN_YIELDING_BYTES,
  REQUEST_OVERHEAD_BYTES,
  SMALL_REQUEST_BYTES,
  SMALL_SHARE,
  STALLED_MS,
} from '../../extproc/contract/held-bytes.ts';
import * as envoy from '../../envoy/kit/limits.ts';
import {
  LIMITS,
  MANIFEST_LIMITS,
  MAX_RESPONSE_HEADERS,
  MAX_RESPONSE_HEADER_BYTES,
  MAX_HELD_BYTES,
  MAX_WAITING_SPANS,
  SPAN_EXPORT_DELAY_MS,
  SPAN_EXPORT_TIMEOUT_MS,
  type Limit,
} from '../../graph/plan/limits.ts';
import * as copies from '../../extproc/live/limits.ts';
import * as captures from '../../sidecar/live/capture/limits.ts';
import { LOG_LOOK_MS, MAX_LOG_BYTES } from '../../sidecar/supervisor/log-files.ts';
import { MAX_LEARNED_BRANCHES } from '../../graph/built-ins/learner-parameters.ts';
import { MAX_FINDINGS } from '../../graph/manifest/finding.ts';
import { MAX_ROUTING_HEADER_BYTES } from '../../graph/plan/names.ts';
import { DRAIN_LIMIT_MS } from '../../extproc/process/options.ts';
import {
  LESSON_DELAY_MS,
  RECALL_LIMIT_MS,
  RELEASE_LIMIT_MS,
} from '../../extproc/feedback/limits.ts';
import { DIAL_TIMEOUT_MS } from '../../extproc/control/dial-units.ts';
import {
  MAX_HELD_INFO_BYTES,
  MAX_UNIT_INFO_BYTES,
  UNIT_INFO_TIMEOUT_MS,
} from '../../extproc/control/limits.ts';
import { MAX_DEPTH } from '../../lib/codecs/json/scan.ts';
import { readComments } from './doc-comments.ts';
import { amount, bytes, code, plain, table } from './markdown.ts';

export function annotationLimits(): string {
  const rows = Object.values<Limit>(LIMITS).map((limit) => [
    code(limit.annotation),
    limit.meaning,
    limit.default === undefined ? 'none' : valueOf(limit, limit.default),
    `${valueOf(limit, limit.min)} … ${valueOf(limit, limit.max)}`,
  ]);
  return table(['annotation', 'what it bounds', 'default', 'from … to'], rows);
}

function valueOf(limit: Limit, value: number): string {
  if (limit.unit === 'bytes') return bytes(value);
  return limit.unit === 'ms' ? `${plain(value)} ms` : plain(value);
}

/** Limits that are here and there, each with its file. */
export function singleLimits(): string {
  return limitTable([
    ['graph/plan/limits.ts', { MAX_HELD_BYTES, MAX_RESPONSE_HEADERS, MAX_RESPONSE_HEADER_BYTES }],
    ['graph/plan/names.ts', { MAX_ROUTING_HEADER_BYTES }],
    ['extproc/process/options.ts', { DRAIN_LIMIT_MS }],
    ['extproc/feedback/limits.ts', { RECALL_LIMIT_MS, RELEASE_LIMIT_MS, LESSON_DELAY_MS }],
    ['graph/built-ins/learner-parameters.ts', { MAX_LEARNED_BRANCHES }],
    ['extproc/control/dial-units.ts', { DIAL_TIMEOUT_MS }],
    [
      'extproc/control/limits.ts',
      { MAX_UNIT_INFO_BYTES, MAX_HELD_INFO_BYTES, UNIT_INFO_TIMEOUT_MS },
    ],
    ['lib/codecs/json/scan.ts', { MAX_DEPTH }],
  ]);
}

/** What bounds the memory and the event loop of the filter's process. */
export function memoryLimits(): string {
  const { heldShare: _, ...memory } = filterMemory;
  return limitTable([
    [
      'extproc/contract/held-bytes.ts',
      { SMALL_REQUEST_BYTES, SMALL_SHARE, REQUEST_OVERHEAD_BYTES, MIN_YIELDING_BYTES, STALLED_MS },
    ],
    ['extproc/contract/memory-shares.ts', memory],
    ['lib/runtime/collect-garbage.ts', { MAX_GARBAGE_BYTES }],
    ['extproc/contract/unpack/limits.ts', filterUnpacking],
    ['extproc/contract/copy-in-steps.ts', { COPY_STEP_BYTES }],
    ['dialects/reading-limits.ts', filterReading],
  ]);
}

/** What payload logs may take of the filter's process. */
export function payloadLogLimits(): string {
  return limitTable([['extproc/payload-log/limits.ts', payloadLogs]]);
}

/** What captured payloads may take, of the filter's process and of the one that shows them. */
export function captureLimits(): string {
  return limitTable([
    ['sidecar/live/capture/limits.ts', captures],
    ['extproc/live/limits.ts', copies],
  ]);
}

export function manifestLimits(): string {
  return limitTable([
    ['graph/plan/limits.ts', MANIFEST_LIMITS],
    ['graph/manifest/finding.ts', { MAX_FINDINGS }],
  ]);
}

export function runLimits(): string {
  return limitTable([['sidecar/supervisor/log-files.ts', { MAX_LOG_BYTES, LOG_LOOK_MS }]]);
}

export function envoyLimits(): string {
  return limitTable([['envoy/kit/limits.ts', envoy]]);
}

export function clientLimits(): string {
  return limitTable([['extproc/client/limits.ts', filterClients]]);
}

export function traceLimits(): string {
  return limitTable([
    ['graph/plan/limits.ts', { MAX_WAITING_SPANS, SPAN_EXPORT_DELAY_MS, SPAN_EXPORT_TIMEOUT_MS }],
    ['extproc/tracing/limits.ts', filterTracing],
  ]);
}

export function serverLimits(): string {
  return limitTable([['extproc/contract/transport-limits.ts', filterServer]]);
}

type Source = readonly [path: string, values: Readonly<Record<string, number>>];

/** Rows in the order of the code; throws for a limit that says nothing of itself. */
function limitTable(sources: readonly Source[]): string {
  const rows = sources.flatMap(([path, values]) => {
    const comments = readComments(path);
    const order = [...comments.keys()];
    return Object.entries(values)
      .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
      .map(([name, value]) => {
        const meaning = comments.get(name);
        if (meaning === undefined) throw new Error(`${path}: ${name} has no comment`);
        return [code(name), amount(name, value), meaning];
      });
  });
  return table(['name', 'value', 'what it bounds'], rows);
}
