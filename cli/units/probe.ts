// Does something answer at an address? A TCP connect is what Kubernetes' default probes of a Seldon unit do too.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;

/** True when a connection to the address can be made within the time. */
export function answersTcp(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.setTimeout(timeoutMs, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** Waits until every address answers; false when the time is over first. Throws the signal's reason when aborted. */
export async function waitForTcp(
  host: string,
  ports: readonly number[],
  limitMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const end = performance.now() + limitMs;
  const waiting = new Set(ports);
  for (;;) {
    for (const port of waiting) if (await answersTcp(host, port, 1000)) waiting.delete(port);
    if (waiting.size === 0) return true;
    if (performance.now() >= end) return false;
    await sleep(POLL_MS, undefined, { signal });
  }
}
