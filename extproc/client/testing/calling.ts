// Short hands for tests that make calls: a request with everything filled in, and a promise of its result.
import { COLLECTED } from '../../contract/bodies.ts';
import type { CallRequest, CallResult, UnitClient } from '../../contract/calls.ts';

export function requestOf(changes: Partial<CallRequest> = {}): CallRequest {
  return {
    path: '/predict',
    headers: Buffer.alloc(0),
    contentType: 'application/json',
    contentEncoding: undefined,
    body: Buffer.from('{"a":1}'),
    timeoutMs: undefined,
    maxAnswerBytes: 1_000_000,
    memory: COLLECTED,
    extra: undefined,
    replaceable: true,
    ...changes,
  };
}

export function callOnce(
  client: UnitClient,
  changes: Partial<CallRequest> = {},
): Promise<CallResult> {
  return new Promise((resolve) => {
    client.call(requestOf(changes), resolve);
  });
}

/** What a test compares: a result without its head. */
export function brief(result: CallResult): string {
  return result.kind === 'failure'
    ? `${result.code} ${result.text}`
    : `${result.status} ${result.body.toString('latin1')}`;
}
