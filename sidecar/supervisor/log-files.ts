// The logs in the state directory of a `run` have a largest size: one that outgrows it becomes `NAME.1`, in the place of the
// one before, and a new one is begun.
import { closeSync, copyFileSync, openSync, renameSync, statSync, truncateSync } from 'node:fs';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import type { TextLog } from './log.ts';
import { requestSocket } from '../../lib/runtime/ask-socket.ts';

/** Size of a log in the state directory of `run` before it becomes `NAME.1`; there are at most two of each. */
export const MAX_LOG_BYTES = 64 * 1024 * 1024;
/** How often the sizes of those logs are checked, ms. */
export const LOG_LOOK_MS = 5_000;

export interface LogFiles {
  /** Written by Envoy itself, which opens it anew when asked. */
  readonly accessLog: string;
  /** Envoy's output: a file that we opened for appending, and that it goes on with. */
  readonly envoyLog: string;
  readonly adminSocket: string;
  readonly log: TextLog;
  readonly maxBytes?: number;
  readonly lookMs?: number;
}

export interface LogKeeper {
  close(): void;
}

export function keepLogsSmall(files: LogFiles): LogKeeper {
  const { maxBytes = MAX_LOG_BYTES, lookMs = LOG_LOOK_MS, log } = files;
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    look(files, maxBytes)
      .catch((thrown: unknown) =>
        log.warn(`the logs cannot be kept small: ${describeThrown(thrown)}`),
      )
      .finally(() => {
        isBusy = false;
      });
  }, lookMs);
  timer.unref();
  return { close: () => clearInterval(timer) };
}

async function look(
  { accessLog, envoyLog, adminSocket }: LogFiles,
  maxBytes: number,
): Promise<void> {
  if (sizeOf(envoyLog) > maxBytes) {
    copyFileSync(envoyLog, `${envoyLog}.1`);
    truncateSync(envoyLog);
  }
  if (sizeOf(accessLog) <= maxBytes) return;
  renameSync(accessLog, `${accessLog}.1`);
  // Made here, so that it has our rights and mode.
  closeSync(openSync(accessLog, 'a', 0o600));
  await requestSocket(adminSocket, '/reopen_logs', { method: 'POST' });
}

/** 0 where there is no such file; what is no file (a device, a pipe) does not grow. */
function sizeOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true ? stats.size : 0;
}
