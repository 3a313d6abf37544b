// The client of the bench, a process of its own: a closed loop over N connections (REST) or N streams (gRPC) for a
// given time. Reads its orders as one JSON argument, prints one JSON line: requests, errors, latencies.
import net from 'node:net';
import { COLLECTED } from '../extproc/contract/bodies.ts';
import { openClient } from '../extproc/client/open/open.ts';
import { CLIENT_HEADERS, type PayloadKind, protoPayload, restPayload } from './payload.ts';

export interface LoadOrder {
  readonly transport: 'rest' | 'grpc';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly payload: PayloadKind;
  readonly bodyBytes: number;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly errors: number;
  readonly firstError: string;
  readonly seconds: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** V2's layout header ends with the same words. */
const CONTENT_LENGTH = '\r\ncontent-length:';

class Meter {
  #latenciesUs: number[] = [];
  #errors = 0;
  #firstError = '';
  #startedAt = 0;
  counting = false;

  start(): void {
    this.counting = true;
    this.#startedAt = performance.now();
  }

  done(sinceMs: number, error: string | undefined): void {
    if (!this.counting) return;
    if (error === undefined) this.#latenciesUs.push((performance.now() - sinceMs) * 1000);
    else {
      this.#errors++;
      this.#firstError ||= error;
    }
  }

  result(): LoadResult {
    this.counting = false;
    const sorted = Float64Array.from(this.#latenciesUs).sort();
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      requests: sorted.length,
      errors: this.#errors,
      firstError: this.#firstError,
      seconds: (performance.now() - this.#startedAt) / 1000,
      p50Us: at(0.5),
      p99Us: at(0.99),
    };
  }
}

/** One connection that sends its request again as soon as the response is whole. */
function restLoop(order: LoadOrder, meter: Meter, isOver: () => boolean): void {
  const { body, headers } = restPayload(order.payload, order.bodyBytes);
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const head = `POST ${order.path} HTTP/1.1\r\nhost: ${order.host}:${order.port}\r\n${lines}content-length: ${body.length}\r\n\r\n`;
  const request = Buffer.concat([Buffer.from(head, 'latin1'), body]);
  const socket = net.connect({ host: order.host, port: order.port, noDelay: true });
  let sentAt = 0;
  let status = 0;
  let remaining = -1;
  let held: Buffer | undefined;
  const send = (): void => {
    if (isOver()) {
      socket.destroy();
      return;
    }
    remaining = -1;
    held = undefined;
    sentAt = performance.now();
    socket.write(request);
  };
  const fail = (text: string): void => {
    meter.done(sentAt, text);
    socket.destroy();
    if (!isOver()) setTimeout(() => restLoop(order, meter, isOver), 20);
  };
  socket.on('connect', send);
  socket.on('error', (error) => fail(error.message));
  socket.on('end', () => fail('connection closed'));
  socket.on('data', (data) => {
    let chunk = data;
    if (remaining < 0) {
      if (held !== undefined) chunk = Buffer.concat([held, chunk]);
      const end = chunk.indexOf('\r\n\r\n');
      if (end < 0) {
        held = chunk;
        return;
      }
      const text = chunk.toString('latin1', 0, end).toLowerCase();
      status = Number(text.slice(9, 12));
      const at = text.indexOf(CONTENT_LENGTH);
      if (at < 0) {
        fail(`response without content-length, status ${status}`);
        return;
      }
      remaining =
        Number.parseInt(text.slice(at + CONTENT_LENGTH.length), 10) - (chunk.length - end - 4);
    } else remaining -= chunk.length;
    if (remaining > 0) return;
    meter.done(sentAt, status === 200 ? undefined : `status ${status}`);
    send();
  });
}

function grpcLoops(order: LoadOrder, meter: Meter, isOver: () => boolean): void {
  const edge = {
    unit: 0,
    transport: 'grpc',
    dialect: 'seldon',
    model: 'm',
    host: order.host,
    port: order.port,
    via: 'direct',
    reason: '',
  } as const;
  const client = openClient(edge, { egressSocket: undefined, egressHost: '', log: undefined });
  const body = protoPayload(order.payload, order.bodyBytes);
  const headers = hpackLiterals();
  const loop = (): void => {
    if (isOver()) return;
    const sentAt = performance.now();
    client.call(
      {
        path: order.path,
        headers,
        contentType: undefined,
        contentEncoding: undefined,
        body,
        timeoutMs: 10_000,
        maxAnswerBytes: 64 << 20,
        memory: COLLECTED,
        extra: undefined,
        replaceable: true,
      },
      (result) => {
        const error =
          result.kind === 'failure'
            ? result.text
            : result.isOk
              ? undefined
              : `grpc-status ${result.status} ${result.grpcMessage}`;
        meter.done(sentAt, error);
        if (error === undefined) loop();
        else setTimeout(loop, 20);
      },
    );
  };
  for (let i = 0; i < order.connections; i++) loop();
}

function hpackLiterals(): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of CLIENT_HEADERS) {
    if (name === 'content-type' || name === 'user-agent') continue;
    parts.push(
      Buffer.from([0x00, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    );
  }
  return Buffer.concat(parts);
}

async function main(): Promise<void> {
  const order = JSON.parse(process.argv[2] ?? '{}') as LoadOrder;
  const meter = new Meter();
  let over = false;
  const isOver = (): boolean => over;
  if (order.transport === 'rest') {
    for (let i = 0; i < order.connections; i++) restLoop(order, meter, isOver);
  } else grpcLoops(order, meter, isOver);
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  await wait(order.warmUpMs);
  meter.start();
  process.stdout.write('started\n');
  await wait(order.durationMs);
  const result = meter.result();
  process.stdout.write(`${JSON.stringify(result)}\n`);
  over = true;
  setTimeout(() => process.exit(0), 50);
}

await main();
