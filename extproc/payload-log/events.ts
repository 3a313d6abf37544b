// Payloads as CloudEvents 1.0 in binary mode, as Seldon's executor sends them: what is the same for all events of a unit is written
// once for each plan. In: the plan and one payload; out: headers and body of a POST.
import { randomUUID } from 'node:crypto';
import { dialectOf } from '../../dialects/known/dialects.ts';
import { PUID_HEADER } from '../../graph/plan/names.ts';
import type { PayloadLog, Plan } from '../../graph/plan/plan.ts';
import type { Exchange } from '../contract/exchange.ts';
import type { Message } from '../contract/message.ts';
import type { PayloadKind, PayloadSink } from '../contract/payload-sink.ts';
import { MAX_REDACTED_EVENT_BYTES } from './limits.ts';
import { prepareRedaction, type CompiledRedaction, type Withheld } from './redaction.ts';

export interface PayloadEvent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Of the body; undefined for identity. */
  readonly contentEncoding: string | undefined;
  /** What is left out of it; undefined for nothing. */
  readonly redaction: CompiledRedaction | undefined;
}

/** Where events go, for each sink. */
export interface EventQueue {
  /** The one of a URL, until it is closed; sinks that cannot respond one without the other are one. */
  sinkAt(url: string): EventSink;
}

/** Takes events of one sink without waiting. */
export interface EventSink {
  /** Whether an event of that many bytes would be taken; where not, it is counted as dropped. */
  admits(bytes: number): boolean;
  /** Counts an event that cannot be sent without what is to be left out of it. */
  withhold(why: Withheld): void;
  offer(event: PayloadEvent): void;
  /** Called once, by whoever offers nothing more; what was offered is still sent. */
  close(): void;
}

const EVENT_TYPES: Readonly<Record<PayloadKind, string>> = {
  request: 'io.seldon.serving.inference.request',
  response: 'io.seldon.serving.inference.response',
  feedback: 'io.seldon.serving.feedback',
};
const SKIP_HEADER = 'seldon-skip-logging';
const SKIPS = new Set(['true', 'on', '1']);

/** `source`: the URL under which the graph itself is served. Undefined for a plan that logs nothing. */
export function preparePayloads(
  plan: Plan,
  queue: EventQueue,
  source: string,
): PayloadSink | undefined {
  if (plan.units.every((unit) => unit.logs === undefined)) return undefined;
  const { layoutHeader } = dialectOf(plan.dialect);
  const fixed = plan.units.map(({ name }) => ({
    'ce-specversion': '1.0',
    'ce-source': source,
    'ce-modelid': name,
    'ce-inferenceservicename': plan.deployment,
    'ce-namespace': plan.namespace,
    'ce-endpoint': plan.predictor,
    'ce-protocol': plan.dialect,
  }));
  const redactions = plan.units.map(({ logs }) =>
    logs?.redact === undefined ? undefined : prepareRedaction(logs.redact),
  );
  const sinks = plan.units.map(({ logs }) =>
    logs === undefined ? undefined : queue.sinkAt(logs.url),
  );
  return {
    log(unit, kind, message, exchange) {
      const logs = plan.units[unit]?.logs;
      const sink = sinks[unit];
      if (logs === undefined || sink === undefined) return;
      if (!isSampled(logs, exchange) || skips(exchange)) return;
      const redaction = redactions[unit]?.[kind];
      const unread = redaction === undefined ? undefined : whyUnread(message, exchange);
      if (unread !== undefined) {
        sink.withhold(unread);
        return;
      }
      if (!sink.admits(message.body.length)) return;
      sink.offer({
        url: logs.url,
        headers: {
          ...fixed[unit],
          'ce-id': randomUUID(),
          'ce-type': EVENT_TYPES[kind],
          'ce-time': new Date().toISOString(),
          'ce-requestid': exchange.headers.find(PUID_HEADER) ?? '',
          'content-type': message.contentType ?? contentTypeOf(exchange),
          ...(layoutHeader === undefined || message.layout === undefined
            ? {}
            : { [layoutHeader]: message.layout }),
        },
        body: Buffer.from(message.body),
        contentEncoding: message.contentEncoding,
        redaction,
      });
    },
    close() {
      for (const sink of sinks) sink?.close();
    },
  };
}

/** Why nothing can be left out of a payload, as far as that is clear without a look into it; undefined where it may be. */
function whyUnread(message: Message, exchange: Exchange): Withheld | undefined {
  const { contentType, layout, body } = message;
  if (body.length > MAX_REDACTED_EVENT_BYTES) return 'it is too large';
  if (layout !== undefined) return 'it has binary tensors';
  return contentType === undefined && isGrpc(exchange) ? 'it is gRPC' : undefined;
}

/** gRPC payloads are protobuf messages without their frame, whatever the request says of itself. */
function contentTypeOf(exchange: Exchange): string {
  return isGrpc(exchange) ? 'application/protobuf' : 'application/json';
}

function isGrpc({ headers }: Exchange): boolean {
  return headers.find('content-type')?.startsWith('application/grpc') === true;
}

/** One draw for each request, so that what goes in and what comes out are logged together, at all units. */
const draws = new WeakMap<Exchange, number>();

function isSampled({ share }: PayloadLog, exchange: Exchange): boolean {
  if (share >= 1) return true;
  const drawn = draws.get(exchange) ?? Math.random();
  draws.set(exchange, drawn);
  return drawn < share;
}

function skips({ headers }: Exchange): boolean {
  const value = headers.find(SKIP_HEADER);
  return value !== undefined && SKIPS.has(value.toLowerCase());
}
