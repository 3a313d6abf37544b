// One call to a unit that is not on the path, over a client of its own: asked for by people and start-up checks, it is not worth a pool.
import type { Plan } from '../../graph/plan/plan.ts';
import type { CallRequest, CallResult, UnitClient } from '../contract/calls.ts';
import type { ByteAccount } from '../contract/held-bytes.ts';
import { MAX_UNIT_INFO_BYTES, UNIT_INFO_TIMEOUT_MS } from './limits.ts';

/** Closes the client with the call. The response's bytes are held in `account` before they are read. */
export function callOnce(
  client: UnitClient,
  { policy }: Plan,
  request: Pick<CallRequest, 'path' | 'headers' | 'body'>,
  account: ByteAccount,
): Promise<CallResult> {
  const timeoutMs = client.headerForm === 'http1' ? policy.restTimeoutMs : policy.grpcTimeoutMs;
  const { promise, resolve } = Promise.withResolvers<CallResult>();
  client.call(
    {
      ...request,
      extra: undefined,
      contentType: undefined,
      contentEncoding: undefined,
      timeoutMs: timeoutMs ?? UNIT_INFO_TIMEOUT_MS,
      maxAnswerBytes: Math.min(policy.maxAnswerBytes, MAX_UNIT_INFO_BYTES),
      memory: {
        lend: (bytes) => Buffer.allocUnsafe(bytes),
        hold: (bytes) => account.hold(bytes),
        release: (bytes) => account.release(bytes),
      },
      replaceable: true,
    },
    (result) => {
      client.close();
      resolve(result);
    },
  );
  return promise;
}
