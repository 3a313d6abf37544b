// What the process and its reading thread say to each other. The memory of bodies goes along and is gone on the other side.
import type { DialectName, Transport } from '../../graph/plan/plan.ts';
import type { Task } from './tasks.ts';

/** A payload whose body is elsewhere. */
export interface PayloadHead {
  readonly contentType: string | undefined;
  readonly layout: string | undefined;
  readonly length: number;
}

export type ToReader =
  | {
      readonly kind: 'task';
      readonly dialect: DialectName;
      readonly transport: Transport;
      readonly task: Task;
      /** All bodies one after the other, and what else there is to know of each. */
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly heads: readonly PayloadHead[];
    }
  /** Whether there is room for what the task makes. */
  | { readonly kind: 'room'; readonly granted: boolean };

export type FromReader =
  | { readonly kind: 'needs'; readonly bytes: number }
  /** `bytes` is undefined for the body that was given. */
  | {
      readonly kind: 'payload';
      readonly head: PayloadHead;
      readonly bytes: Uint8Array<ArrayBuffer> | undefined;
    }
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly text: string };
