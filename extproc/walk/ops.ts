// The compiled walk: operations, each knowing what comes after it. One request runs one line of operations; a fan-out
// runs one line for each branch. `next: undefined` is the end of a line: the response of the request, or of the branch.
import type { Dialect, Messages } from '../../dialects/dialect.ts';
import type { UnitClient } from '../contract/calls.ts';
import type { PayloadKind } from '../contract/payload-sink.ts';
import type { ChoicePolicy } from '../policies/policy.ts';
import type { CallVerb, Transport } from '../../graph/plan/plan.ts';

/** Everything about a call that does not depend on the request. */
export interface PreparedCall {
  readonly unit: number;
  readonly unitName: string;
  readonly verb: CallVerb;
  readonly transport: Transport;
  readonly client: UnitClient;
  readonly path: string;
  /** The path for a model that the client's path names; undefined where paths name none. */
  readonly pathOf: ((model: string) => string) | undefined;
  /** The name of the model that the unit is asked by; as a segment of a path. */
  readonly model: string;
  readonly segment: string;
  /** What the unit speaks. */
  readonly dialect: Dialect;
  readonly messages: Messages;
  /** Whether that is not the graph's protocol, so that messages are put into the other words. */
  readonly isForeign: boolean;
  /** The message is fitted to the call before it is sent; false where every message fits. */
  readonly fits: boolean;
  /** Where Envoy sends it when it is the last call; undefined when Envoy knows no way either. */
  readonly tailKey: string | undefined;
  /** The response may have to be read: it is asked for without content encoding. */
  readonly readable: boolean;
  readonly timeoutMs: number | undefined;
  readonly maxAnswerBytes: number;
  /** False for feedback. */
  readonly replaceable: boolean;
}

/** Who chooses: everybody is walked, the unit is asked, a policy of ours decides, or the prediction has. */
export type ChoiceMaker =
  | { readonly kind: 'all' | 'route' | 'feedback' }
  | { readonly kind: 'policy'; readonly policy: ChoicePolicy };

export type Op =
  /** A call with the message; its response is the message from then on. */
  | {
      readonly kind: 'call';
      readonly call: PreparedCall;
      /** May be handed to Envoy, if the line is the request's own. */
      readonly mayTail: boolean;
      /** A predict or transform-input, which `meta.routing` lists as −1. */
      readonly marks: boolean;
      readonly next: Op | undefined;
    }
  /** SIMPLE_MODEL. */
  | { readonly kind: 'simple-model'; readonly unit: number; readonly next: Op | undefined }
  /** Which children are walked. */
  | {
      readonly kind: 'choose';
      readonly unit: number;
      readonly how: ChoiceMaker;
      /** The router's call, undefined when nobody is asked. */
      readonly ask: PreparedCall | undefined;
      readonly branches: readonly (Op | undefined)[];
      /** Name of the unit at the head of each branch. */
      readonly branchNames: readonly string[];
      /** What becomes of the branches' responses before `next`: the first is the message, or all are dropped. */
      readonly keep: 'first' | 'list' | 'none';
      /** After the branches: merge, transform-output or the end. */
      readonly next: Op | undefined;
      /** After −2, which skips the merge. */
      readonly skip: Op | undefined;
    }
  /** Makes one message of the branches' responses. */
  | {
      readonly kind: 'aggregate';
      readonly call: PreparedCall;
      readonly mayTail: boolean;
      readonly next: Op | undefined;
    }
  | { readonly kind: 'average'; readonly unit: number; readonly next: Op | undefined }
  /** The message is sent to the sink of the unit's payload log. */
  | {
      readonly kind: 'log';
      readonly unit: number;
      readonly payload: PayloadKind;
      readonly next: Op | undefined;
    }
  /** Feedback of a graph whose root takes none: the client's own message (REST), an empty one (gRPC). */
  | { readonly kind: 'acknowledge'; readonly next: undefined };

/** Whether the unit could have chosen otherwise; of feedback the prediction has decided. */
export function decides({ how }: ChooseOp): boolean {
  return how.kind !== 'all' && how.kind !== 'feedback';
}

export type ChooseOp = Extract<Op, { kind: 'choose' }>;
export type AggregateOp = Extract<Op, { kind: 'aggregate' }>;
export type CallOp = Extract<Op, { kind: 'call' | 'aggregate' }>;
export type AverageOp = Extract<Op, { kind: 'average' }>;
