// One call to a unit that is not on the path, over a client of its own: asked for by people and start-up checks, it is not worth a pool.
import type { Plan } from '../../graph/plan/plan.ts';
import type { CallRequest, CallResult, UnitClient } from '../contract/calls.ts';
import type { ByteAccount } from '../contract/held-bytes.ts';
import { MAX_UNIT_INFO_BYTES, UNIT_INFO_TIMEOUT_MS } from './limits.ts';

const GONE: CallResult = { kind: 'failure', code: 'UNIT_RESET', text: 'nobody waits for it' };

/**
 * Closes the client with the call. The response's bytes are held in `account` before they are read. `gone` is aborted when nobody waits for
 * it any more, which ends the call: whoever asks and goes away leaves no connection to a unit that is silent.
 */
export function callOnce(
  client: UnitClient,
  { policy }: Plan,
  request: Pick<CallRequest, 'path' | 'headers' | 'body'>,
  account: ByteAccount,
  gone: AbortSignal,
): Promise<CallResult> {
  const timeoutMs = client.headerForm === 'http1' ? policy.restTimeoutMs : policy.grpcTimeoutMs;
  const { promise, resolve } = Promise.withResolvers<CallResult>();
  const abort = (): void => {
    handle.cancel();
    end(GONE);
  };
  const end = (result: CallResult): void => {
    gone.removeEventListener('abort', abort);
    client.close();
    resolve(result);
  };
  const handle = client.call(
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
    end,
  );
  if (gone.aborted) abort();
  else gone.addEventListener('abort', abort, { once: true });
  return promise;
}
