// What a feedback is for: the branches that it takes, its reward, and what units get of it. The branches are those that the
// prediction's response said in `meta.routing`, else what the client sends back in the header `seldon-routing`, else, where the
// feedback has the prediction's puid alone, those that are remembered. A unit of which none of these speaks sends the feedback to
// all its children. Routers read the branch that is rewarded from the body alone, so what came from elsewhere is written into it.
import type { FeedbackReading } from '../../dialects/dialect.ts';
import { MAX_ROUTING_BYTES } from '../../dialects/reading-limits.ts';
import type { ErrorCode } from '../../graph/plan/errors.ts';
import { ROUTING_HEADER } from '../../graph/plan/names.ts';
import type { CallHandle } from '../contract/calls.ts';
import type { Exchange } from '../contract/exchange.ts';
import type { RememberedRequest } from '../feedback/branch-memory.ts';
import type { RecallOutcome } from '../feedback/recaller.ts';
import { followChoices } from '../feedback/follow-choices.ts';
import type { FeedbackResult } from '../feedback/results.ts';
import type { Branches, FeedbackGraph, ReadFeedback } from './feedback-graph.ts';
import type { Fault } from './outcome.ts';
import { OVERLOADED, type Read, readMessages } from './read.ts';

/** Why the branches of a puid cannot be had. */
const FAULTS: Readonly<
  Record<Exclude<RecallOutcome['kind'], 'found'>, readonly [ErrorCode, string]>
> = {
  unknown: ['FEEDBACK_UNKNOWN', 'no request of that puid is remembered here'],
  expired: ['FEEDBACK_EXPIRED', 'the request of that puid was too long ago'],
  duplicate: ['FEEDBACK_DUPLICATE', 'there was a feedback for that puid already'],
  unavailable: [
    'FILTER_UNAVAILABLE',
    'another process of the filter did not say what it remembers',
  ],
};

/** One feedback on its way to its branches. */
export class FeedbackReader implements CallHandle {
  /** The one that it has come to, and the one whose units it goes to. */
  readonly #own: FeedbackGraph;
  #graph: FeedbackGraph;
  readonly #exchange: Exchange;
  readonly #done: (read: ReadFeedback | Fault) => void;
  #handle: CallHandle | undefined;
  /** The puid that was recalled, until the feedback is on its way. */
  #claimed: string | undefined;

  /** `done` is called once, now or later, unless the reader is cancelled. */
  constructor(
    graph: FeedbackGraph,
    exchange: Exchange,
    done: (read: ReadFeedback | Fault) => void,
  ) {
    this.#own = graph;
    this.#graph = graph;
    this.#exchange = exchange;
    this.#done = done;
  }

  start(): void {
    const task = { kind: 'read-feedback' } as const;
    const take = (read: Read<'read-feedback'> | Fault): void => this.#found(read);
    const messages = [this.#exchange.message];
    this.#goOn(readMessages(this.#graph.reading(this.#exchange), task, messages, name, take), take);
  }

  cancel(): void {
    this.#handle?.cancel();
    this.#release(() => {});
  }

  #goOn<R>(read: R | CallHandle, take: (read: R) => void): void {
    if (isHandle(read)) this.#handle = read;
    else take(read);
  }

  #found(read: Read<'read-feedback'> | Fault): void {
    if (read === OVERLOADED) {
      this.#end(read);
      return;
    }
    // A body that cannot be read has no routing in it; whether it is a feedback is for the units to say.
    const feedback = read.kind === 'read' ? read.result : undefined;
    const plain = read.kind === 'read' && feedback !== undefined ? read : undefined;
    if (plain === undefined && read.kind === 'read') this.#exchange.release(read.unpackedBytes);
    if (feedback?.kind === 'malformed') {
      this.#refuse('malformed', 'FEEDBACK_MALFORMED', feedback.info);
      return;
    }
    if (feedback?.routing === 'too-long') {
      this.#end(invalid(`response.meta.routing is over ${MAX_ROUTING_BYTES} bytes`));
      return;
    }
    const inBody = feedback?.routing;
    const branches = this.#graph.choose(
      inBody ?? parseHeader(this.#exchange.headers.find(ROUTING_HEADER)),
    );
    if ('kind' in branches) {
      this.#end(branches);
      return;
    }
    const found: Found = {
      feedback,
      read: plain,
      reward: feedback?.reward,
      rows: feedback?.rows ?? 0,
    };
    const isSaid = inBody !== undefined || Object.keys(branches.routing).length > 0;
    const puid = feedback?.puid;
    if (puid !== undefined && !isSaid) this.#recall(puid, branches, found);
    else this.#write(branches, found, inBody === undefined, undefined);
  }

  /** `all`: where nothing is chosen, the puid is not needed to find the branches. */
  #recall(puid: string, all: Branches, found: Found): void {
    const { recaller } = this.#own;
    const take = (outcome: RecallOutcome): void => this.#recalled(puid, all, found, outcome);
    if (recaller === undefined) take({ kind: 'unknown' });
    else this.#goOn(recaller.recall(puid, take), take);
  }

  #recalled(puid: string, all: Branches, found: Found, outcome: RecallOutcome): void {
    this.#handle = undefined;
    if (outcome.kind === 'unknown' && !this.#graph.decides) {
      this.#write(all, found, true, undefined);
      return;
    }
    if (outcome.kind === 'unknown' && this.#graph.plan.feedbackMemory === undefined) {
      const info = 'the branches of this graph are not remembered';
      this.#refuse('not_remembered', 'FEEDBACK_NOT_REMEMBERED', info);
      return;
    }
    if (outcome.kind !== 'found') {
      const [code, info] = FAULTS[outcome.kind];
      this.#refuse(outcome.kind, code, info);
      return;
    }
    this.#claimed = puid;
    const branches = this.#follow(outcome);
    if (typeof branches === 'string') {
      this.#refuse('route_gone', 'FEEDBACK_ROUTE_GONE', branches);
      return;
    }
    this.#write(branches, found, true, puid);
  }

  /** The branches in the graph of the predictor that served the request, which may be another one than the feedback has come to. */
  #follow({ predictor, choices }: RememberedRequest): Branches | string {
    const graph = this.#graph.graphOf(predictor);
    if (graph === undefined) return `predictor "${predictor}" is no longer there`;
    this.#graph = graph;
    const followed = followChoices(graph.plan, choices);
    return followed.kind === 'gone' ? followed.info : followed;
  }

  /** `isMissing`: the routing is not in the body. */
  #write(branches: Branches, found: Found, isMissing: boolean, recalled: string | undefined): void {
    const { choices, routing } = branches;
    const { feedback, read, reward, rows } = found;
    const { message } = this.#exchange;
    const graph = this.#graph;
    const isShort = feedback?.kind === 'feedback' && feedback.isShort;
    const isWritten = isShort || (isMissing && Object.keys(routing).length > 0);
    if (read === undefined || !isWritten) {
      if (read !== undefined) this.#exchange.release(read.unpackedBytes);
      this.#end({ graph, choices, message, reward, rows, recalled });
      return;
    }
    const task = { kind: 'write-feedback', routing } as const;
    const take = (written: Read<'write-feedback'> | Fault): void => {
      if (written.kind !== 'read') {
        this.#end(written);
        return;
      }
      const plain = written.plain[0];
      const { body } = written.result;
      const isSame = plain === undefined || body === plain.body;
      this.#end({
        graph,
        choices,
        message: isSame ? message : { ...plain, body },
        reward,
        rows,
        recalled,
      });
    };
    this.#goOn(readMessages(graph.reading(this.#exchange), task, read.plain, name, take), take);
  }

  /** The puid may come again when `later` is called, or at once where the result is undefined. */
  #release(later: () => void): CallHandle | undefined {
    const claimed = this.#claimed;
    this.#claimed = undefined;
    return claimed === undefined ? undefined : this.#own.recaller?.release(claimed, later);
  }

  /** From here on the claim is that of whoever gives the feedback; a fault is told when there is none any more. */
  #end(read: ReadFeedback | Fault): void {
    this.#handle = 'kind' in read ? this.#release(() => this.#done(read)) : undefined;
    this.#claimed = undefined;
    if (this.#handle === undefined) this.#done(read);
  }

  #refuse(result: FeedbackResult, code: ErrorCode, info: string): void {
    this.#own.count(result);
    this.#end({ kind: 'error', code, info });
  }
}

interface Found {
  readonly feedback: FeedbackReading;
  /** The message without encoding; undefined where it cannot be read. */
  readonly read: Read<'read-feedback'> | undefined;
  readonly reward: number | undefined;
  readonly rows: number;
}

export function invalid(info: string): Fault {
  return { kind: 'error', code: 'FEEDBACK_ROUTING_INVALID', info };
}

function parseHeader(value: string | undefined): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function name(): string {
  return 'the feedback';
}

function isHandle<R>(read: R | CallHandle): read is CallHandle {
  return typeof read === 'object' && read !== null && 'cancel' in read;
}
