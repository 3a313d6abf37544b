// What is asked of messages whose inside has to be read, as values that can be handed to a thread. In: the task and the
// payloads; out: its result. Nothing here knows where it runs.
import type { DialectName } from '../../graph/plan/plan.ts';
import { transcoderOf } from '../../dialects/known/messages.ts';
import type { Transcoder } from '../../dialects/transcode/transcode.ts';
import type { FeedbackReading, Messages, Routing } from '../../dialects/dialect.ts';
import type { Edits, Payload, Unusable } from '../../dialects/payload.ts';

/** What each task answers. A body that comes back may be the one that was given. */
export interface TaskResults {
  readonly fit: Edits | Unusable | undefined;
  /** Of the graph's protocol, in the unit's. */
  readonly 'to-unit': Payload | Unusable;
  /** Of the unit's response and of what it was sent, in the graph's protocol. */
  readonly 'from-unit': Payload | Unusable;
  readonly 'read-route': number | Unusable;
  readonly 'find-unjoinable': Unusable | undefined;
  readonly average: Payload | Unusable;
  readonly 'simple-model': Payload;
  readonly 'write-routing': Payload;
  readonly 'read-feedback': FeedbackReading;
  readonly 'write-feedback': Payload;
}

export type TaskKind = keyof TaskResults;

export interface Task<K extends TaskKind = TaskKind> {
  readonly kind: K;
  /** Of the tasks that write it. */
  readonly routing?: Routing;
  /** Of `fit` and `simple-model`: the name that the unit is asked by. */
  readonly model?: string;
  /** Of what goes to a unit of another protocol and comes from it: that protocol. */
  readonly spoken?: DialectName;
  /** Of `fit` and `to-unit`: the message is another unit's response. */
  readonly isResponse?: boolean;
}

const NO_ROUTING: Routing = {};
const NOTHING: Payload = { body: Buffer.alloc(0), contentType: undefined, layout: undefined };

export function performTask<K extends TaskKind>(
  messages: Messages,
  task: Task<K>,
  payloads: readonly Payload[],
): TaskResults[K] {
  return performAny(messages, task, payloads) as TaskResults[K];
}

function performAny(
  messages: Messages,
  task: Task,
  payloads: readonly Payload[],
): TaskResults[TaskKind] {
  const first = payloads[0] ?? NOTHING;
  const { requests, routing } = messages;
  switch (task.kind) {
    case 'fit':
      return requests?.fit(first, task.model ?? '', task.isResponse === true);
    case 'to-unit':
      return transcoder(messages, task).request(first, task.model ?? '', task.isResponse === true);
    case 'from-unit':
      return transcoder(messages, task).response(first, payloads[1] ?? NOTHING, task.model ?? '');
    case 'read-route':
      return messages.readRoute(first);
    case 'find-unjoinable':
      return messages.findUnjoinable(payloads);
    case 'average':
      return messages.average(payloads);
    case 'simple-model':
      return messages.simpleModel(first, task.model ?? '');
    case 'write-routing':
      return routing === undefined
        ? first
        : withBody(first, routing.write(first.body, task.routing ?? NO_ROUTING));
    case 'read-feedback':
      return routing?.readFeedback(first.body);
    case 'write-feedback':
      return routing === undefined
        ? first
        : withBody(first, routing.writeFeedback(first.body, task.routing ?? NO_ROUTING));
  }
}

/** A unit is called by one only where there is one. */
function transcoder({ dialect, transport }: Messages, { spoken = dialect }: Task): Transcoder {
  const found = transcoderOf(dialect, spoken, transport);
  if (found === undefined) throw new Error(`no way from ${dialect} to ${spoken} over ${transport}`);
  return found;
}

function withBody(payload: Payload, body: Buffer): Payload {
  if (body === payload.body) return payload;
  return { body, contentType: payload.contentType, layout: payload.layout };
}

/** The payload that a result is; undefined for any other. */
export function payloadOf(result: TaskResults[TaskKind]): Payload | undefined {
  return typeof result === 'object' && isPayload(result) ? result : undefined;
}

function isPayload(result: object): result is Payload {
  return 'body' in result && Buffer.isBuffer(result.body);
}

/** What a task makes besides the bodies that it is given, bytes; an upper bound that may take a pass over them. */
export function bytesMade(messages: Messages, task: Task, payloads: readonly Payload[]): number {
  const first = payloads[0]?.body.length ?? 0;
  switch (task.kind) {
    case 'read-route':
    case 'find-unjoinable':
    case 'read-feedback':
      return 0;
    case 'fit':
      return ENVELOPE_BYTES;
    case 'average':
      return messages.averageBytes(payloads);
    case 'to-unit':
    case 'from-unit':
      return transcoder(messages, task).bytesMade(payloads[0] ?? NOTHING);
    case 'simple-model':
    case 'write-routing':
    case 'write-feedback':
      return first + JSON.stringify(task.routing ?? null).length + ENVELOPE_BYTES;
  }
}

/** What may be added around what was there. */
const ENVELOPE_BYTES = 1024;
