// What is asked of messages whose inside has to be read, as values that can be handed to a thread. In: the task and the
// bodies; out: its result. Nothing here knows where it runs.
import type {
  Dialect,
  FeedbackRoutingFound,
  Routing,
  Unusable,
} from '../../dialects/seldon/dialect.ts';

/** What each task answers. A body that comes back may be the one that was given. */
export interface TaskResults {
  readonly 'read-route': number | Unusable;
  readonly 'find-unjoinable': Unusable | null;
  readonly average: Buffer | Unusable;
  readonly 'simple-model': Buffer;
  readonly 'write-routing': Buffer;
  readonly 'read-feedback-routing': FeedbackRoutingFound;
  readonly 'write-feedback-routing': Buffer;
}

export type TaskKind = keyof TaskResults;

export interface Task<K extends TaskKind = TaskKind> {
  readonly kind: K;
  /** Of the tasks that write it. */
  readonly routing?: Routing;
}

const NO_ROUTING: Routing = {};

export function perform<K extends TaskKind>(
  dialect: Dialect,
  task: Task<K>,
  bodies: readonly Buffer[],
): TaskResults[K] {
  return performAny(dialect, task, bodies) as TaskResults[K];
}

function performAny(
  dialect: Dialect,
  task: Task,
  bodies: readonly Buffer[],
): TaskResults[TaskKind] {
  const body = bodies[0] ?? dialect.empty;
  switch (task.kind) {
    case 'read-route':
      return dialect.readRoute(body);
    case 'find-unjoinable':
      return dialect.findUnjoinable(bodies);
    case 'average':
      return dialect.average(bodies);
    case 'simple-model':
      return dialect.simpleModel(body);
    case 'write-routing':
      return dialect.writeRouting(body, task.routing ?? NO_ROUTING);
    case 'read-feedback-routing':
      return dialect.readFeedbackRouting(body);
    case 'write-feedback-routing':
      return dialect.writeFeedbackRouting(body, task.routing ?? NO_ROUTING);
  }
}

/** What a task makes besides the bodies that it is given, bytes; an upper bound that may take a pass over them. */
export function bytesMade(dialect: Dialect, task: Task, bodies: readonly Buffer[]): number {
  const first = bodies[0]?.length ?? 0;
  switch (task.kind) {
    case 'read-route':
    case 'find-unjoinable':
    case 'read-feedback-routing':
      return 0;
    case 'average':
      return dialect.averageBytes(bodies);
    case 'simple-model':
    case 'write-routing':
    case 'write-feedback-routing':
      return first + JSON.stringify(task.routing ?? null).length + ENVELOPE_BYTES;
  }
}

/** What may be added around what was there. */
const ENVELOPE_BYTES = 1024;
