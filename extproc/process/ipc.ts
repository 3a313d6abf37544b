// What the supervisor and the filter's process say to each other over the IPC channel: plain JSON both ways. The
// worker trusts its parent, so a message is checked for its shape only.
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import type { Recalled } from '../feedback/branch-memory.ts';
import type { RecallOutcome } from '../feedback/recaller.ts';
import type { WalkRecord } from '../live/walk-record.ts';
import type { WorkerCounts } from '../metrics/worker-counts.ts';
import type { Lesson } from '../policies/state-store.ts';

/** What a connection is for: Envoy's ext_proc filter, or what is off the path of predictions. */
export const DOORS = ['filter', 'http', 'grpc'] as const;
export type Door = (typeof DOORS)[number];

export type ParentMessage =
  /** Adds the programs of a deployment; refused whole when one of its plans does not compile. */
  | { readonly type: 'load'; readonly id: number; readonly deployment: DeploymentPlan }
  /** A connection to one of the sockets that the supervisor listens on comes along. The worker says `taken`. */
  | { readonly type: 'connection'; readonly id: number; readonly to: Door }
  /** Asks what the process has counted. */
  | { readonly type: 'counts'; readonly id: number }
  /** Asks for the walks since the last ask, and has them written down for a while, with their payloads or without. */
  | { readonly type: 'walks'; readonly payloads: boolean }
  /** Another worker asks what this one remembers of a request, and gives it out if it does. */
  | { readonly type: 'find'; readonly id: number; readonly puid: string }
  /** What the other workers said to a `recall`. */
  | { readonly type: 'recalled'; readonly id: number; readonly answer: RecallOutcome }
  /** Feedback that was given out to another worker may come again. The worker says `released`. */
  | { readonly type: 'release'; readonly id: number; readonly puid: string }
  /** The worker that was meant by a `release` has heard it, or cannot hear it. */
  | { readonly type: 'released'; readonly id: number }
  /** What routers have learned in other workers; to one that was started again, all that is known. */
  | { readonly type: 'learned'; readonly lessons: readonly Lesson[] }
  /** Forgets plans that no live route names any more; their streams in flight still end in peace. */
  | { readonly type: 'drop'; readonly hashes: readonly string[] }
  /** Finish what is in flight, then exit. */
  | { readonly type: 'drain' };

export type WorkerMessage =
  /** The process takes messages now. It is given connections from its first `loaded` on. */
  | { readonly type: 'ready'; readonly pid: number }
  /** `hashes`: the plans of this deployment. */
  | { readonly type: 'loaded'; readonly id: number; readonly hashes: readonly string[] }
  | { readonly type: 'refused'; readonly id: number; readonly reason: string }
  /** The worker holds a connection: it ends with the worker, and nobody else has to end it. */
  | { readonly type: 'taken'; readonly id: number }
  | { readonly type: 'counts'; readonly id: number; readonly counts: WorkerCounts }
  | { readonly type: 'walks'; readonly walks: readonly WalkRecord[] }
  /** Asks the other workers what they remember of a request. */
  | { readonly type: 'recall'; readonly id: number; readonly puid: string }
  /** The answer to `find`. */
  | { readonly type: 'found'; readonly id: number; readonly recalled: Recalled }
  /** To whichever worker gave that request out. The supervisor says `released`. */
  | { readonly type: 'release'; readonly id: number; readonly puid: string }
  /** The answer to `release`: whether that request is remembered here. */
  | { readonly type: 'released'; readonly id: number; readonly isHere: boolean }
  /** What routers have learned in this worker since the last time. */
  | { readonly type: 'learned'; readonly lessons: readonly Lesson[] }
  | { readonly type: 'drained' };

/** Reads a message of the parent; undefined for anything else. */
export function parseParentMessage(value: unknown): ParentMessage | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  switch (value.type) {
    case 'load':
      return 'id' in value && typeof value.id === 'number' && 'deployment' in value
        ? (value as ParentMessage)
        : undefined;
    case 'drop':
      return 'hashes' in value && Array.isArray(value.hashes)
        ? (value as ParentMessage)
        : undefined;
    case 'learned':
      return 'lessons' in value && Array.isArray(value.lessons)
        ? (value as ParentMessage)
        : undefined;
    case 'connection': {
      const to = 'to' in value ? DOORS.find((door) => door === value.to) : undefined;
      return to === undefined || !('id' in value) || typeof value.id !== 'number'
        ? undefined
        : { type: 'connection', id: value.id, to };
    }
    case 'counts':
      return 'id' in value && typeof value.id === 'number'
        ? { type: 'counts', id: value.id }
        : undefined;
    case 'walks':
      return { type: 'walks', payloads: 'payloads' in value && value.payloads === true };
    case 'find':
    case 'release':
      return 'id' in value &&
        typeof value.id === 'number' &&
        'puid' in value &&
        typeof value.puid === 'string'
        ? (value as ParentMessage)
        : undefined;
    case 'released':
      return 'id' in value && typeof value.id === 'number'
        ? { type: 'released', id: value.id }
        : undefined;
    case 'recalled':
      return 'id' in value && typeof value.id === 'number' && 'answer' in value
        ? (value as ParentMessage)
        : undefined;
    case 'drain':
      return { type: 'drain' };
    default:
      return undefined;
  }
}
