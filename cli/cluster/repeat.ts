// Looks at the cluster again and again, one look after the other.
import { setTimeout as sleep } from 'node:timers/promises';

/** Between the end of one look and the next, ms. */
const PAUSE_MS = 3000;

/** Until the function that it returns is called. `look` throws only what is thrown after that. */
export function repeat(look: (signal: AbortSignal) => Promise<void>): () => void {
  const over = new AbortController();
  const { signal } = over;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await look(signal);
      await sleep(PAUSE_MS, undefined, { signal });
    }
  };
  run().catch((thrown: unknown) => {
    if (!signal.aborted) throw thrown;
  });
  return () => over.abort();
}
