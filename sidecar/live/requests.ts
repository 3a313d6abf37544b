// The last requests: lines of the live log, as Envoy writes them, to requests, and a ring that keeps the newest. A line that cannot be
// read is skipped. Texts come from clients, so they are cut here and escaped where they are shown.
import { LIVENESS_PATH, PROBE_PATHS } from '../../envoy/kit/names.ts';
import type { WalkRecord, WalkCall, WalkTail } from '../../extproc/live/walk-record.ts';
import { TRACE_HEADER } from '../../graph/plan/names.ts';

export interface LiveRequest {
  /** Counts up, so that a watcher can tell which ones it has. */
  readonly id: number;
  /** When it began, ISO 8601. */
  readonly time: string;
  /** Of a deployment in a cluster; '' of a run on this machine. */
  readonly pod: string;
  readonly predictor: string;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  /** HTTP status; 0 where the client went away before one. */
  readonly status: number;
  /** Null over REST. */
  readonly grpcStatus: number | null;
  /** Envoy's flags and our error code, where something failed. */
  readonly flags: string;
  readonly error: string;
  readonly ms: number;
  /** The call that Envoy made last: its unit, when it began after the request did, and how long it took. */
  readonly unit: string;
  readonly unitAtMs: number | null;
  readonly unitMs: number | null;
  readonly attempts: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly puid: string;
  /** Of its `traceparent`; '' where it has none. */
  readonly traceId: string;
  /** The branches that routers chose. */
  readonly routing: Readonly<Record<string, number>>;
  /** The calls of the filter, in the order in which they began; empty where none was made or seen. */
  readonly calls: readonly WalkCall[];
  /** What the filter left to Envoy: the last call, as it was sent. Null where it was none or not seen. */
  readonly tail: WalkTail | null;
  /** Under which its payloads are found; null where they were not captured. */
  readonly capture: number | null;
}

const MAX_TEXT = 200;
const POLLED: readonly string[] = [...PROBE_PATHS, LIVENESS_PATH];
const TRACE_PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-/;

/** A request of a line; null where it is none, or one of those that ask again and again whether this is alive. */
export function parseLine(line: string, id: number): LiveRequest | null {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof entry !== 'object' || entry === null) return null;
  const fields = new Map<string, unknown>(Object.entries(entry));
  const text = (name: string): string => {
    const value = fields.get(name);
    return typeof value === 'string' && value !== '-' ? value.slice(0, MAX_TEXT) : '';
  };
  if (text('route') === '' && POLLED.some((path) => text('path').endsWith(path))) return null;
  const number = (name: string): number | null => {
    const value = fields.get(name);
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  };
  const ms = (name: string): number | null => {
    const us = number(name);
    return us === null ? null : us / 1000;
  };
  return {
    id,
    time: text('time'),
    pod: '',
    predictor: text('predictor'),
    method: text('method'),
    path: text('path'),
    status: number('code') ?? 0,
    grpcStatus: number('grpc_status'),
    flags: text('flags'),
    error: text('error'),
    ms: ms('duration_us') ?? 0,
    unit: text('unit'),
    unitAtMs: ms('unit_at_us'),
    unitMs: ms('unit_us'),
    attempts: number('attempts') ?? 0,
    bytesIn: number('bytes_in') ?? 0,
    bytesOut: number('bytes_out') ?? 0,
    puid: text('puid'),
    traceId: TRACE_PARENT.exec(text(TRACE_HEADER))?.[1] ?? '',
    routing: readRouting(fields.get('routing')),
    calls: [],
    tail: null,
    capture: null,
  };
}

function readRouting(value: unknown): Record<string, number> {
  let routing: unknown = value;
  if (typeof value === 'string') {
    try {
      routing = JSON.parse(value);
    } catch {
      return {};
    }
  }
  if (typeof routing !== 'object' || routing === null) return {};
  return Object.fromEntries(
    Object.entries(routing).filter((entry): entry is [string, number] => {
      return typeof entry[1] === 'number';
    }),
  );
}

/** Walks that wait for the line of their request, which Envoy writes up to a second later. A shadow's request has the same id. */
export class WaitingWalks {
  readonly #maxWalks: number;
  readonly #maxCalls: number;
  // Two halves, the older of which goes as a whole: to look for the oldest of one Map again and again takes the square of its size.
  #newer = new Map<string, WalkRecord>();
  #older = new Map<string, WalkRecord>();
  /** Of the newer half. */
  #calls = 0;

  constructor(maxWalks: number, maxCalls: number) {
    this.#maxWalks = maxWalks;
    this.#maxCalls = maxCalls;
  }

  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  add(walks: readonly WalkRecord[]): void {
    for (const walk of walks) {
      const isFull =
        2 * this.#newer.size >= this.#maxWalks ||
        2 * (this.#calls + walk.calls.length) > this.#maxCalls;
      if (isFull && this.#newer.size > 0) {
        this.#older = this.#newer;
        this.#newer = new Map();
        this.#calls = 0;
      }
      this.#newer.set(keyOf(walk), walk);
      this.#calls += walk.calls.length;
    }
  }

  /** The request with its calls, if they are here. */
  join(request: LiveRequest): LiveRequest {
    const key = keyOf(request);
    const walk = this.#newer.get(key) ?? this.#older.get(key);
    if (walk === undefined || request.puid === '') return request;
    if (!this.#newer.delete(key)) this.#older.delete(key);
    return { ...request, calls: walk.calls, tail: walk.tail };
  }

  clear(): void {
    this.#newer = new Map();
    this.#older = new Map();
    this.#calls = 0;
  }
}

function keyOf({ predictor, puid }: { readonly predictor: string; readonly puid: string }): string {
  return `${predictor}/${puid}`;
}

/** The newest of what was pushed. */
export class Ring<T> {
  readonly #max: number;
  #items: T[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  push(items: readonly T[]): void {
    this.#items = [...this.#items, ...items].slice(-this.#max);
  }

  /** Oldest first. */
  list(): readonly T[] {
    return this.#items;
  }

  clear(): void {
    this.#items = [];
  }
}
