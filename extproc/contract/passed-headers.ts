// Which headers pass on: of a client's request to units, of a unit's response to the client. What belongs to one connection, to
// the length and form of a body, to Envoy or to us does not. Names are in lower case.
import { INTERNAL_HEADER_PREFIX, ROUTING_HEADER } from '../../graph/plan/names.ts';

/** What belongs to one connection (RFC 9110 §7.6.1, and what came before it). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
] as const;

/** Of a request: each call has its own host and body, and the routing is that of another request. */
export const KEPT_FROM_UNITS: readonly string[] = [
  ...HOP_BY_HOP,
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'http2-settings',
  'expect',
  ROUTING_HEADER,
];
/** Beginnings of names that are Envoy's or ours: clients may not say them, and units do not see them. */
export const KEPT_PREFIXES: readonly string[] = ['x-envoy-', INTERNAL_HEADER_PREFIX];

const FROM_UNITS = new Set(KEPT_FROM_UNITS);
const FROM_CLIENT: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'content-length',
  'date',
  'server',
]);

/** For calls off the path of predictions; the path itself compares bytes (`transport/headers.ts`). */
export function passesToUnits(name: string): boolean {
  return !FROM_UNITS.has(name) && !KEPT_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** What of a response's head passes (`AnswerHead.entries`). */
export function passesToClient(name: string): boolean {
  return (
    !FROM_CLIENT.has(name) && !name.startsWith(INTERNAL_HEADER_PREFIX) && !name.startsWith(':')
  );
}
