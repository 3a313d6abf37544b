// The first signal asks for an orderly end, the second one for an end at once.
import type { TextLog } from './log.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Stop {
  /** Aborted at the first signal; ends every wait of the start. */
  readonly signal: AbortSignal;
  /** Resolves at the first signal. */
  readonly first: Promise<void>;
  /** What to do at the second signal, before the process exits. */
  onSecond(action: () => void): void;
  close(): void;
}

export function stopOnSignals(log: TextLog): Stop {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  let second = (): void => {};
  const take = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      log.warn(`${name} again: ending at once`);
      second();
      process.exit(1);
    }
    log.debug(name);
    controller.abort(new Error(`ended by ${name}`));
    resolve();
  };
  for (const name of SIGNALS) process.on(name, take);
  return {
    signal: controller.signal,
    first: promise,
    onSecond: (action) => {
      second = action;
    },
    close: () => {
      for (const name of SIGNALS) process.off(name, take);
    },
  };
}
