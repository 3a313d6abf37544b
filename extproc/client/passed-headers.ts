// Which headers of a unit's answer may pass to the client: all but those that belong to one connection, to the body's
// length, to Envoy or to us (`AnswerHead.entries`).
import { INTERNAL_HEADER_PREFIX } from '../../graph/plan/names.ts';

const KEPT_BACK: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'date',
  'server',
]);

/** `name` in lower case. */
export function passesToClient(name: string): boolean {
  return !KEPT_BACK.has(name) && !name.startsWith(INTERNAL_HEADER_PREFIX) && !name.startsWith(':');
}
