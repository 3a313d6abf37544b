// A receiver of OTLP over HTTP for tests: the OpenTelemetry collector where it has been built (`e2e/otel/build.sh`), else a
// server that decodes what is posted by the numbers of the published protocol. Out: spans, as plain values.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BYTES, FieldReader } from '../../lib/codecs/protobuf/reader.ts';
import { freePort } from './ports.ts';
import { waitFor } from './run.ts';

export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  /** '' for the first of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 2 SERVER, 3 CLIENT. */
  readonly kind: number;
  /** Milliseconds since 1970, with their fraction. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
  /** 2: an error. */
  readonly status: number;
}

export interface Receiver {
  readonly url: string;
  /** All that has come. */
  spans(): readonly SpanRecord[];
  close(): Promise<void>;
}

const COLLECTOR = path.join(import.meta.dirname, '../../.cache/otelcol/otelcol');

export const hasCollector = (): boolean => existsSync(COLLECTOR);

export async function startCollector(): Promise<Receiver> {
  const dir = mkdtempSync(path.join(tmpdir(), 'otelcol-'));
  const file = path.join(dir, 'traces.jsonl');
  const port = await freePort();
  writeFileSync(
    path.join(dir, 'config.yaml'),
    JSON.stringify({
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: { file: { path: file, flush_interval: '100ms' } },
      service: {
        telemetry: { metrics: { level: 'none' } },
        pipelines: { traces: { receivers: ['otlp'], exporters: ['file'] } },
      },
    }),
  );
  const child = spawn(COLLECTOR, ['--config', path.join(dir, 'config.yaml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  await waitFor(
    () => log.includes('Everything is ready') || child.exitCode !== null,
    10_000,
    () => `the collector: ${log}`,
  );
  if (child.exitCode !== null) throw new Error(`the collector ended: ${log}`);
  return {
    url: `http://127.0.0.1:${port}`,
    spans: () => (existsSync(file) ? readJsonLines(readFileSync(file, 'utf8')) : []),
    close: async () => {
      await stop(child);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

export async function startReceiver(): Promise<Receiver> {
  const spans: SpanRecord[] = [];
  const server = http.createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      if (request.url === '/v1/traces') spans.push(...decodeExport(Buffer.concat(pieces)));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => spans,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The spans of a trace, once there are `count` of them. */
export async function traceOf(
  receiver: Receiver,
  traceId: string,
  count: number,
): Promise<readonly SpanRecord[]> {
  const found = (): readonly SpanRecord[] =>
    receiver.spans().filter((span) => span.traceId === traceId);
  await waitFor(
    () => found().length >= count,
    15_000,
    () => `${count} spans, there are:\n${found().map(describe).join('\n')}`,
  );
  return found();
}

export function describe(span: SpanRecord): string {
  return `${span.spanId} < ${span.parentSpanId} ${span.kind} ${span.name} ${JSON.stringify(span.attributes)}`;
}

interface JsonValue {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly boolValue?: boolean;
  readonly doubleValue?: number;
}
interface JsonAttribute {
  readonly key: string;
  readonly value: JsonValue;
}
interface JsonExport {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes?: readonly JsonAttribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly name: string;
        readonly kind?: number;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes?: readonly JsonAttribute[];
        readonly status?: { readonly code?: number };
      }[];
    }[];
  }[];
}

function readJsonLines(text: string): SpanRecord[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => (JSON.parse(line) as JsonExport).resourceSpans)
    .flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) =>
        spans.map((span) => ({
          traceId: span.traceId,
          spanId: span.spanId,
          parentSpanId: span.parentSpanId ?? '',
          name: span.name,
          kind: span.kind ?? 0,
          start: Number(span.startTimeUnixNano) / 1e6,
          end: Number(span.endTimeUnixNano) / 1e6,
          attributes: textsOf(span.attributes),
          resource: textsOf(resource.attributes),
          status: span.status?.code ?? 0,
        })),
      ),
    );
}

function textsOf(attributes: readonly JsonAttribute[] = []): Record<string, string> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, String(Object.values(value)[0] ?? '')]),
  );
}

// ExportTraceServiceRequest, by the field numbers of opentelemetry-proto 1.x.

function decodeExport(bytes: Buffer): SpanRecord[] {
  return messages(bytes, 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messages(resourceSpans, 1)[0] ?? Buffer.alloc(0), 1);
    return messages(resourceSpans, 2)
      .flatMap((scopeSpans) => messages(scopeSpans, 2))
      .map((span) => decodeSpan(span, resource));
  });
}

function decodeSpan(bytes: Buffer, resource: Readonly<Record<string, string>>): SpanRecord {
  const part = (field: number): Buffer => messages(bytes, field)[0] ?? Buffer.alloc(0);
  return {
    traceId: part(1).toString('hex'),
    spanId: part(2).toString('hex'),
    parentSpanId: part(4).toString('hex'),
    name: part(5).toString(),
    kind: varint(bytes, 6),
    start: fixed64(bytes, 7) / 1e6,
    end: fixed64(bytes, 8) / 1e6,
    attributes: attributesOf(bytes, 9),
    resource,
    status: varint(part(15), 3),
  };
}

function attributesOf(bytes: Buffer, field: number): Record<string, string> {
  return Object.fromEntries(
    messages(bytes, field).map((attribute) => {
      const value = messages(attribute, 2)[0] ?? Buffer.alloc(0);
      const text = messages(value, 1)[0];
      return [
        messages(attribute, 1)[0]?.toString() ?? '',
        text === undefined ? String(varint(value, 3)) : text.toString(),
      ];
    }),
  );
}

function messages(bytes: Buffer, field: number): Buffer[] {
  const found: Buffer[] = [];
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.field === field && reader.wire === BYTES)
      found.push(bytes.subarray(reader.start, reader.end));
  }
  return found;
}

function varint(bytes: Buffer, field: number): number {
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.field !== field || reader.wire === BYTES) continue;
    let value = 0;
    for (let at = reader.end - 1; at >= reader.start; at--)
      value = value * 128 + ((bytes[at] ?? 0) & 0x7f);
    return value;
  }
  return 0;
}

function fixed64(bytes: Buffer, field: number): number {
  const reader = new FieldReader(bytes);
  while (reader.next())
    if (reader.field === field) return Number(bytes.readBigUInt64LE(reader.start));
  return 0;
}
