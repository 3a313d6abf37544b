// What the gateway serves, as plain data: the little of a SeldonDeployment that routing needs, and the addresses behind
// it. The renderers see only this.
import type { DialectName } from '../../graph/plan/plan.ts';
import type { Breakers } from '../../envoy/kit/cluster.ts';

export interface ServedDeployment {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** RFC 3339; of two that claim one path, the older is served. */
  readonly createdAt: string;
  /** The name in the client's path and in the gRPC header `seldon`; another deployment's with `ambassador-service-name`. */
  readonly publicName: string;
  /** Hosts that it is served under, `*.example.com` allowed; empty for all. */
  readonly hosts: readonly string[];
  /** A request must carry all of them. */
  readonly headers: readonly HeaderCondition[];
  /** Asked for by annotation; null: only what certainly reached no pod is sent again. */
  readonly retries: { readonly attempts: number; readonly perTryTimeoutMs: number } | null;
  /** After this a request is ended, ms. */
  readonly longestRequestMs: number;
  /** What its clients speak. */
  readonly dialect: DialectName;
  /** Of one predictor's pods together, for each of REST and gRPC. */
  readonly breakers: Breakers;
  readonly predictors: readonly ServedPredictor[];
}

export interface HeaderCondition {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
}

export interface ServedPredictor {
  readonly name: string;
  readonly service: string;
  /** Percent; shadows: of the copied requests. */
  readonly traffic: number;
  readonly shadow: boolean;
  /** Service of its explainer, null without one. */
  readonly explainerService: string | null;
  /** Whether clients meet the model server itself; such servers close idle connections early. */
  readonly isBare: boolean;
  /** Whether its pods may remember requests for their feedback: a unit chooses among branches. */
  readonly remembers: boolean;
  /** Whether its pods take TLS. */
  readonly isEncrypted: boolean;
}

/** A Service that the deployment owns, with the pods that may be dialled. */
export interface Backend {
  readonly service: string;
  readonly rest: readonly PodAddress[];
  readonly grpc: readonly PodAddress[];
  /** Whether it is a predictor's Service: one that the deployment no longer names serves on until others are ready. */
  readonly isPredictor: boolean;
}

export interface PodAddress {
  readonly name: string;
  readonly ip: string;
  readonly port: number;
}
