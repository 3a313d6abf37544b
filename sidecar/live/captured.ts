// A captured request: what its client sent and got, and what went to each unit and came back, with the times and choices that the live
// page has of every request. It is what is shown, written to files, sent again and compared, so its shape has a version.
import type { CopiedBody } from '../../extproc/live/copied-body.ts';
import type { LiveRequest } from './requests.ts';

export const CAPTURE_VERSION = 1;

export interface CapturedHeader {
  /** In lower case. */
  readonly name: string;
  /** Null for credentials, which are not kept. */
  readonly value: string | null;
}

export interface CapturedMessage {
  /** Without those of one connection, of Envoy and of Sidegraph. */
  readonly headers: readonly CapturedHeader[];
  /** Over gRPC: the message without its frame, where there was but one and it was not compressed. */
  readonly body: CopiedBody;
}

/** A call to a unit. */
export interface CapturedCall {
  readonly unit: string;
  readonly verb: string;
  readonly by: 'filter' | 'envoy';
  readonly atMs: number | null;
  readonly ms: number | null;
  readonly status: number | null;
  readonly sent: CopiedBody;
  /** Null where there was no response. What Envoy's call brought is what the client got. */
  readonly received: CopiedBody | null;
}

export interface Capture {
  readonly version: typeof CAPTURE_VERSION;
  /** Counts up within a run. */
  readonly id: number;
  readonly transport: 'rest' | 'grpc';
  /** With its query, values of credentials left out. */
  readonly path: string;
  readonly asked: CapturedMessage;
  readonly response: CapturedMessage;
  /** In the order in which they began; the last one is Envoy's, if Envoy made one. */
  readonly calls: readonly CapturedCall[];
  readonly request: LiveRequest;
}

/** How capturing is going, for whoever looks. */
export interface CaptureFacts {
  readonly isOn: boolean;
  readonly kept: number;
  readonly max: number;
  readonly keptBytes: number;
  /** Captured, and not kept any more: newer ones took their place. */
  readonly dropped: number;
  /** Times that requests came faster than they may be captured. */
  readonly pauses: number;
  /** What Envoy told of and nothing else did, so that it was no whole request. */
  readonly lost: number;
}
