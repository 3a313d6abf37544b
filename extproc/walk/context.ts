// What the parts of a walk share: what its program was given from outside, what is the same for all requests of a kind,
// and what belongs to the one request.
import type { Dialect, LastCall, Messages } from '../../dialects/dialect.ts';
import type { Edge, Transport } from '../../graph/plan/plan.ts';
import type { CallObserver } from '../contract/call-observer.ts';
import type { UnitClient } from '../contract/calls.ts';
import type { Exchange, Outcome } from '../contract/exchange.ts';
import type { PayloadSink } from '../contract/payload-sink.ts';
import type { FaultLog } from '../contract/internal-fault.ts';
import type { Message } from '../contract/message.ts';
import type { BranchMemory, Remember } from '../feedback/branch-memory.ts';
import type { LessonCounts } from '../feedback/lessons.ts';
import type { Recaller } from '../feedback/recaller.ts';
import type { ResultCounts } from '../feedback/results.ts';
import type { FeedbackTotals } from '../feedback/totals.ts';
import type { StateStore } from '../policies/state-store.ts';
import type { DecisionTable } from './decisions.ts';
import type { FeedbackGraphs } from './feedback-graph.ts';
import type { Op, PreparedCall } from './ops.ts';
import type { Fault } from './outcome.ts';
import type { ReadContext } from './read.ts';

export interface ProgramDeps {
  /** Asked once for each edge that the walk calls; the program closes what it was given. */
  clientFor(edge: Edge): UnitClient;
  /** A number from 0 (included) to 1 (excluded). */
  random(): number;
  readonly observer?: CallObserver | undefined;
  /** Remembers requests for feedback, and counts what that gives; absent: neither. */
  readonly feedback?: FeedbackDesk | undefined;
  /** Takes the payloads of units that log them; the program closes it. */
  readonly payloads?: PayloadSink | undefined;
  readonly log: FaultLog;
}

/** What all plans of a process share for feedback. */
export interface FeedbackDesk {
  readonly memory: BranchMemory;
  readonly recaller: Recaller;
  readonly totals: FeedbackTotals;
  readonly results: ResultCounts;
  readonly graphs: FeedbackGraphs;
  /** What routers have learned. */
  readonly states: StateStore;
  readonly lessons: LessonCounts;
}

/** What a client asks for besides an ordinary prediction by each unit's own name. */
export interface Asked {
  /** The model that `unit` is called by, or all units where there is none; undefined: by their own names. */
  readonly model: string | undefined;
  readonly unit: number | undefined;
  readonly last: LastCall | undefined;
}

/** What all walks of one kind of request share. */
export interface WalkPlan {
  readonly transport: Transport;
  readonly dialect: Dialect;
  readonly messages: Messages;
  /** Reads what a request asks for; undefined for protocols whose requests are all ordinary. */
  readonly asked: ((exchange: Exchange) => Asked | undefined) | undefined;
  readonly start: Op | undefined;
  readonly decisions: DecisionTable;
  /** Decisions are kept: a unit decides, or the response's body lists all units. */
  readonly keepsChoices: boolean;
  /** Notes the decisions of a request for its feedback; undefined where none are. */
  readonly remember: Remember | undefined;
  readonly routingInBody: boolean;
  readonly maxAnswerBytes: number;
}

/** What a walk over feedback is given. */
export interface Routed {
  readonly choices: Int32Array;
  /** What the units get. */
  readonly message: Message;
  /** Called once, with the outcome, which goes to the client when `reply` is called, now or later. */
  ended(outcome: Outcome, reply: () => void): void;
  /** Called in place of `ended` where the client has gone away. */
  left(): void;
}

export interface WalkContext {
  readonly plan: WalkPlan;
  readonly deps: ProgramDeps;
  readonly exchange: Exchange;
  /** Undefined for an ordinary prediction. */
  readonly asked: Asked | undefined;
  /** Who watches this request's calls; undefined when nobody does. */
  readonly observer: CallObserver | undefined;
  /** One entry a unit; undefined when nobody asks. */
  readonly choices: Int32Array | undefined;
  readonly reading: ReadContext;
}

/** Whom a request's lines of operations belong to. */
export interface LineOwner extends WalkContext {
  /** The request is answered, or its client has gone away: whatever comes now comes too late. */
  readonly over: boolean;
  /** Before the first side call: the client's going away ends all calls. */
  listen(): void;
  /** Where a call goes: under the name that the client asked for, unless that is another unit's. */
  pathOf(call: PreparedCall): string;
  /** The name that the message for a unit has to say. */
  modelOf(call: PreparedCall): string;
  /** Whether a message has to be fitted to a call. */
  fits(call: PreparedCall): boolean;
  /** Notes what a unit chose, where anybody asks. */
  record(unit: number, choice: number): void;
  /** Hands the last call to Envoy. */
  tail(call: PreparedCall, message: Message): void;
  /** Answers with the message that the request's own line ended with. */
  finish(message: Message): void;
  fail(fault: Fault): void;
}
