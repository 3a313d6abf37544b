// The protocols, by name.
import type { DialectName } from '../../graph/plan/plan.ts';
import type { Dialect } from '../dialect.ts';
import { OPENAI } from '../openai/dialect.ts';
import { SELDON } from '../seldon/dialect.ts';
import { TENSORFLOW } from '../tensorflow/dialect.ts';
import { V2 } from '../v2/dialect.ts';

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  seldon: SELDON,
  v2: V2,
  tensorflow: TENSORFLOW,
  openai: OPENAI,
};

export function dialectOf(name: DialectName): Dialect {
  return DIALECTS[name];
}

/** The headers that belong to a message and not to a request, of all protocols. */
export const LAYOUT_HEADERS: readonly string[] = Object.values(DIALECTS).flatMap(
  ({ layoutHeader }) => layoutHeader ?? [],
);

/** What the gRPC services of all protocols begin with. */
export const GRPC_PACKAGES: readonly string[] = Object.values(DIALECTS).flatMap(
  ({ grpcPackage }) => grpcPackage ?? [],
);

/** The body of an error of Sidegraph's own over REST. */
export function errorBody(dialect: Dialect, status: number, info: string): string {
  return JSON.stringify(dialect.errorFields(status, info));
}
