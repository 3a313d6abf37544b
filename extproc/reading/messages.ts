// What the process and its reading thread say to each other. The memory of bodies goes along and is gone on the other side.
import type { DialectName } from '../../dialects/seldon/dialect.ts';
import type { Task } from './tasks.ts';

export type ToReader =
  | {
      readonly kind: 'task';
      readonly dialect: DialectName;
      readonly task: Task;
      /** All bodies one after the other, and how long each is. */
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly lengths: readonly number[];
    }
  /** Whether there is room for what the task makes. */
  | { readonly kind: 'room'; readonly granted: boolean };

export type FromReader =
  | { readonly kind: 'needs'; readonly bytes: number }
  /** `result` is a body, or null for the body that was given, where `isBody`; otherwise what the task answers. */
  | { readonly kind: 'done'; readonly isBody: boolean; readonly result: unknown }
  | { readonly kind: 'failed'; readonly text: string };
