// What can be said of a call beside the object itself.
import type { KubeObject } from './object.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface ObjectSelection extends CallOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends ObjectSelection {
  readonly limit?: number;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

export interface KubeList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** The token of the next page; undefined on the last. */
  readonly continue: string | undefined;
}

export interface WatchOptions extends ObjectSelection {
  readonly resourceVersion: string;
  /** After that long without a byte the watch ends (as it does when the server ends it). */
  readonly quietMs?: number | undefined;
  /** When the server is to end it. */
  readonly timeoutSeconds?: number | undefined;
}

export interface WriteOptions extends CallOptions {
  /** The field manager. */
  readonly manager: string;
  readonly subresource?: 'status' | 'scale' | undefined;
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  /** Take fields over from other managers instead of a conflict. */
  readonly force: boolean;
}

export type JsonPatch = readonly Readonly<Record<string, unknown>>[];

export type PatchOptions = WriteOptions & { readonly type: 'json' | 'merge' | 'strategic' };

export interface RemoveOptions extends CallOptions {
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  /** Remove only this very object (409 else), not one of the same name that came after it. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly gracePeriodSeconds?: number;
}
