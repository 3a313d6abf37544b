// The one place where an exception during a walk becomes an answer.
import type { ProgramLog } from './program.ts';
import type { Fault } from './outcome.ts';

export function toFault(error: unknown, log: ProgramLog): Fault {
  log.error({ err: error }, 'a walk failed by a bug in Sidegraph');
  return { kind: 'error', code: 'INTERNAL', info: 'a bug in Sidegraph; its log says more' };
}
