// What is known of a walk when it is over: its calls, the one that was left to Envoy, and, where payloads are captured, what was sent
// and what came back. It crosses to the process that shows it as JSON.
import type { CopiedBody } from './copied-body.ts';

export interface WalkCall {
  readonly unit: string;
  readonly verb: string;
  /** After the first thing that the walk did. */
  readonly atMs: number;
  /** Null where the call was given up. */
  ms: number | null;
  /** As HTTP or gRPC says it. */
  status: number | null;
  readonly bytesOut: number;
  bytesIn: number;
}

/** The call that a walk left to Envoy. */
export interface WalkTail {
  readonly verb: string;
  readonly bytesOut: number;
}

export interface WalkRecord {
  readonly predictor: string;
  /** The request's `Seldon-Puid`. */
  readonly puid: string;
  /** In the order in which they began. */
  readonly calls: readonly WalkCall[];
  /** Null where the filter responded itself. */
  readonly tail: WalkTail | null;
  /** Where they are captured. */
  readonly payloads?: WalkPayloads;
}

export interface WalkPayloads {
  /** What the client said of its request: the last call changes it on its way through Envoy. */
  readonly asked: AskedHead;
  /** In the order of `WalkRecord.calls`. */
  readonly calls: readonly CallPayloads[];
  /** What was left to Envoy to send. */
  readonly tail: CopiedBody | null;
}

export interface AskedHead {
  /** With its query. */
  readonly path: string;
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
  /** How the body is laid out, where its protocol has a header for that. */
  readonly layout: string | null;
}

export interface CallPayloads {
  readonly sent: CopiedBody;
  /** Null where there was no response. */
  received: CopiedBody | null;
}
