// Which branches a feedback takes: what the prediction's response said in `meta.routing`, else what the client sends
// back in the header `seldon-routing`. A unit that neither names sends the feedback to all its children. Routers read
// the branch that is rewarded from the body alone, so routing that came in the header is written into what they get.
import { ROUTING_HEADER } from '../../graph/plan/names.ts';
import type { Plan, Step } from '../../graph/plan/plan.ts';
import type { CallHandle } from '../contract/calls.ts';
import type { Exchange } from '../contract/exchange.ts';
import type { FaultLog } from '../contract/internal-fault.ts';
import type { Message } from '../contract/message.ts';
import { MAX_ROUTING_BYTES } from '../../dialects/reading-limits.ts';
import type { Messages, Routing } from '../../dialects/dialect.ts';
import { ALL, NONE } from './decisions.ts';
import type { Fault } from './outcome.ts';
import { OVERLOADED, type Read, type ReadContext, readMessages } from './read.ts';

/** A unit with children. */
interface Parent {
  readonly unit: number;
  readonly name: string;
  readonly children: number;
}

export interface Routed {
  /** The choice of each unit, by its position. */
  readonly choices: Int32Array;
  /** What the units get. */
  readonly message: Message;
}

export interface FeedbackRouting {
  /**
   * FEEDBACK_ROUTING_INVALID when a child is named that is not there. A handle where the feedback is large: `later` is then
   * called once, unless the handle is cancelled.
   */
  read(exchange: Exchange, later: (routed: Routed | Fault) => void): Routed | Fault | CallHandle;
}

function parseHeader(value: string | null): Readonly<Record<string, unknown>> {
  if (value === null) return {};
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export function compileFeedbackRouting(
  plan: Plan,
  messages: Messages,
  maxBodyBytes: number,
  log: FaultLog,
): FeedbackRouting {
  const parents: Parent[] = [];
  const visit = (step: Step): void => {
    const name = plan.units[step.unit]?.name ?? '';
    if (step.children.length > 0) {
      parents.push({ unit: step.unit, name, children: step.children.length });
    }
    step.children.forEach(visit);
  };
  visit(plan.walk);

  const table: ParentTable = { units: plan.units.length, parents };
  return {
    read(exchange, later) {
      const { message } = exchange;
      if (parents.length === 0) return { choices: new Int32Array(table.units).fill(ALL), message };
      const context = { messages, maxBytes: maxBodyBytes, memory: exchange, log };
      return new FeedbackReading(table, context, exchange, later).start();
    },
  };
}

interface ParentTable {
  readonly units: number;
  readonly parents: readonly Parent[];
}

/** What a routing says of the units of a plan. */
interface Chosen {
  readonly choices: Int32Array;
  /** The same by name, without what names no unit. */
  readonly said: Routing;
}

/** So much of a value that is no choice is quoted. */
const MAX_QUOTED = 200;

function choose(table: ParentTable, routing: Readonly<Record<string, unknown>>): Chosen | Fault {
  const choices = new Int32Array(table.units).fill(ALL);
  const said: Record<string, number> = {};
  for (const { unit, name, children } of table.parents) {
    if (!Object.hasOwn(routing, name)) continue;
    const choice = routing[name];
    if (!Number.isInteger(choice) || Number(choice) < NONE || Number(choice) >= children) {
      const text = JSON.stringify(choice)?.slice(0, MAX_QUOTED);
      return invalid(`routing of unit "${name}" is ${text}, it has ${children} children`);
    }
    choices[unit] = Number(choice);
    said[name] = Number(choice);
  }
  return { choices, said };
}

function invalid(info: string): Fault {
  return { kind: 'error', code: 'FEEDBACK_ROUTING_INVALID', info };
}

/** One feedback: its routing is read, and written where it came beside it. */
class FeedbackReading implements CallHandle {
  readonly #table: ParentTable;
  readonly #context: ReadContext;
  readonly #exchange: Exchange;
  readonly #later: (routed: Routed | Fault) => void;
  #handle: CallHandle | null = null;
  #isStarting = true;
  #ended: Routed | Fault | null = null;

  constructor(
    table: ParentTable,
    context: ReadContext,
    exchange: Exchange,
    later: (routed: Routed | Fault) => void,
  ) {
    this.#table = table;
    this.#context = context;
    this.#exchange = exchange;
    this.#later = later;
  }

  start(): Routed | Fault | CallHandle {
    const task = { kind: 'read-feedback-routing' } as const;
    const { message } = this.#exchange;
    this.#goOn(
      readMessages(this.#context, task, [message], nameFeedback, (read) => this.#found(read)),
      (read) => this.#found(read),
    );
    this.#isStarting = false;
    return this.#ended ?? this;
  }

  cancel(): void {
    this.#handle?.cancel();
  }

  #goOn<R>(read: R | CallHandle, take: (read: R) => void): void {
    if (isHandle(read)) this.#handle = read;
    else take(read);
  }

  #found(read: Read<'read-feedback-routing'> | Fault): void {
    if (read === OVERLOADED) {
      this.#end(read);
      return;
    }
    // A body that cannot be read has no routing in it; whether it is a feedback is for the units to say.
    const inBody = read.kind === 'read' ? read.result : null;
    if (inBody === 'too-long') {
      this.#end(invalid(`response.meta.routing is over ${MAX_ROUTING_BYTES} bytes`));
      return;
    }
    const chosen = choose(
      this.#table,
      inBody ?? parseHeader(this.#exchange.headers.find(ROUTING_HEADER)),
    );
    if ('kind' in chosen) {
      this.#end(chosen);
      return;
    }
    const { choices, said } = chosen;
    if (inBody !== null || read.kind !== 'read' || Object.keys(said).length === 0) {
      if (read.kind === 'read') this.#exchange.release(read.unpackedBytes);
      this.#end({ choices, message: this.#exchange.message });
      return;
    }
    const task = { kind: 'write-feedback-routing', routing: said } as const;
    const take = (written: Read<'write-feedback-routing'> | Fault): void =>
      this.#written(choices, written);
    this.#goOn(readMessages(this.#context, task, read.plain, nameFeedback, take), take);
  }

  #written(choices: Int32Array, written: Read<'write-feedback-routing'> | Fault): void {
    if (written === OVERLOADED) {
      this.#end(written);
      return;
    }
    const { message } = this.#exchange;
    const plain = written.kind === 'read' ? written.plain[0] : undefined;
    const body = written.kind === 'read' ? written.result.body : undefined;
    const isSame = plain === undefined || body === undefined || body === plain.body;
    this.#end({ choices, message: isSame ? message : { ...plain, body } });
  }

  #end(routed: Routed | Fault): void {
    this.#ended = routed;
    if (!this.#isStarting) this.#later(routed);
  }
}

function nameFeedback(): string {
  return 'the feedback';
}

function isHandle<R>(read: R | CallHandle): read is CallHandle {
  return typeof read === 'object' && read !== null && 'cancel' in read;
}
