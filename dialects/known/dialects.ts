// The protocols, by name.
import type { DialectName, RouteKind } from '../../graph/plan/plan.ts';
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

/** How many paths or methods a client that missed them is told of. */
const MOST_TOLD = 4;

/** What a client is told that came to a path which the graph does not have: mostly it speaks another protocol. */
export function noSuchPath(dialect: Dialect): string {
  const paths = callsOf(dialect, 'predict-rest').map((path) => `POST ${path}`);
  return `no such path: this graph speaks ${dialect.name}, as in ${paths.join(', ')}`;
}

/** The same over gRPC. */
export function noSuchMethod(dialect: Dialect): string {
  const methods = callsOf(dialect, 'predict-grpc');
  const served = methods.length === 0 ? 'over REST alone' : `as in ${methods.join(', ')}`;
  return `unknown method: this graph speaks ${dialect.name}, ${served}`;
}

function callsOf({ clientRoutes }: Dialect, kind: RouteKind): string[] {
  const own = clientRoutes.filter((route) => route.kind === kind && route.use !== 'pass');
  const ordinary = own.filter(({ use }) => use === 'walk');
  return (ordinary.length > 0 ? ordinary : own).slice(0, MOST_TOLD).map(({ path }) => path);
}
