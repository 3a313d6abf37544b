// OpenTelemetry's SDK as far as we need it: a tracer whose spans are exported in batches; and what makes spans of a request, which
// needs its API. Apart, since it takes 26 MB of a process, and is loaded where traces are made.
import { diag, DiagLogLevel, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Log } from '../../lib/runtime/log.ts';
import { LOST_LOG_MS } from './limits.ts';
import { RequestTrace } from './request-trace.ts';

const MAX_REASON = 500;

export interface SpanProvider {
  readonly tracer: Tracer;
  /** Exports what waits, and ends. */
  close(): Promise<void>;
}

export interface ProviderOptions {
  /** Where spans are posted to. */
  readonly url: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly maxWaitingSpans: number;
  readonly maxExportedSpans: number;
  readonly delayMs: number;
  readonly timeoutMs: number;
}

export interface Sdk {
  readonly RequestTrace: typeof RequestTrace;
  openProvider(options: ProviderOptions, log: Log): SpanProvider;
}

export { RequestTrace };

export function openProvider(options: ProviderOptions, log: Log): SpanProvider {
  const { url, resource, timeoutMs } = options;
  tellLosses(log);
  const provider = new TracerProvider({
    // Whether a request is traced is decided before it gets here.
    sampler: new AlwaysOnSampler(),
    resource: resourceFromAttributes(resource),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url, timeoutMillis: timeoutMs }),
        maxQueueSize: options.maxWaitingSpans,
        maxExportBatchSize: options.maxExportedSpans,
        scheduledDelayMillis: options.delayMs,
        exportTimeoutMillis: timeoutMs,
      }),
    ],
  });
  return {
    tracer: provider.getTracer('sidegraph'),
    close: async () => {
      try {
        await provider.shutdown();
      } catch (error) {
        log.warn({ code: 'TRACES_LOST', err: error }, 'the last traces could not be sent');
      }
    },
  };
}

/** What the SDK says is wrong, now and then: a receiver that is away fails every export. */
function tellLosses(log: Log): void {
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = (message: string): void => {
    const now = performance.now();
    if (now - toldAt < LOST_LOG_MS) return;
    toldAt = now;
    log.warn({ code: 'TRACES_LOST', reason: message.slice(0, MAX_REASON) }, 'traces are not sent');
  };
  const ignore = (): void => {};
  diag.setLogger(
    { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
