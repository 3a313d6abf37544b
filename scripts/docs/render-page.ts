// A page of the docs in, the same page with its generated parts as the code has them now out.
import { TOPICS, usageOf } from '../../cli/commands.ts';
import { commandFailures, findings, requestErrors, liveNotes } from './code-tables.ts';
import {
  annotationLimits,
  captureLimits,
  clientLimits,
  traceLimits,
  envoyLimits,
  manifestLimits,
  memoryLimits,
  payloadLogLimits,
  runLimits,
  serverLimits,
  singleLimits,
} from './limit-tables.ts';
import { block } from './markdown.ts';
import {
  admissionMetrics,
  feedbackMetrics,
  filterMetrics,
  gatewayMetrics,
  gatewayRequestMetrics,
  graphMetrics,
  operatorMetrics,
  sidecarMetrics,
} from './metric-tables.ts';
import { seldonDifferences } from './seldon-differences.ts';
import { unitDifferences, unitOutcomes } from './unit-behaviour.ts';

const PARTS: Readonly<Record<string, () => string>> = {
  'request-errors': requestErrors,
  findings,
  'command-failures': commandFailures,
  'live-notes': liveNotes,
  'annotation-limits': annotationLimits,
  'single-limits': singleLimits,
  'manifest-limits': manifestLimits,
  'run-limits': runLimits,
  'envoy-limits': envoyLimits,
  'client-limits': clientLimits,
  'trace-limits': traceLimits,
  'server-limits': serverLimits,
  'memory-limits': memoryLimits,
  'capture-limits': captureLimits,
  'payload-log-limits': payloadLogLimits,
  'metrics-graph': graphMetrics,
  'metrics-feedback': feedbackMetrics,
  'metrics-filter': filterMetrics,
  'metrics-sidecar': sidecarMetrics,
  'metrics-operator': operatorMetrics,
  'metrics-admission': admissionMetrics,
  'metrics-gateway': gatewayMetrics,
  'metrics-gateway-requests': gatewayRequestMetrics,
  'seldon-differences': seldonDifferences,
  'unit-differences-rest': () => unitDifferences('rest'),
  'unit-differences-grpc': () => unitDifferences('grpc'),
  'unit-outcomes-rest': () => unitOutcomes('rest'),
  'unit-outcomes-grpc': () => unitOutcomes('grpc'),
  ...Object.fromEntries(
    await Promise.all(
      TOPICS.map(async (topic) => {
        const text = await usageOf(topic);
        return [`usage-${topic}`, () => block(text)];
      }),
    ),
  ),
};

const PART = /<!-- begin ([\w-]+) -->\n[^]*?<!-- end \1 -->/g;

/** Throws for a part that nobody makes. */
export function renderPage(page: string): string {
  return page.replace(PART, (_old, name: string) => {
    const make = PARTS[name];
    if (make === undefined) throw new Error(`no part of the docs is named ${name}`);
    return `<!-- begin ${name} -->\n${make()}\n<!-- end ${name} -->`;
  });
}

/** Names of all parts; each is on one page. */
export function partNames(): string[] {
  return Object.keys(PARTS);
}
