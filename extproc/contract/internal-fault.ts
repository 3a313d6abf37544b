// What an exception that nobody expected becomes: a line in the log that says more, and INTERNAL for the client.
import type { LogFields } from '../../lib/runtime/log.ts';

/** The one verb of a log that a bug needs. */
export interface FaultLog {
  error(fields: LogFields, message: string): void;
}

export interface InternalFault {
  readonly kind: 'error';
  readonly code: 'INTERNAL';
  readonly info: string;
}

const FAULT: InternalFault = {
  kind: 'error',
  code: 'INTERNAL',
  info: 'a bug in Sidegraph; its log says more',
};

export function toFault(error: unknown, log: FaultLog): InternalFault {
  log.error({ err: error, code: 'INTERNAL' }, 'a request failed by a bug in Sidegraph');
  return FAULT;
}
