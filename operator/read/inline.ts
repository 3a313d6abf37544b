// Reads an object on this thread: the code that a thread of a reader runs, and a command.
import { loadObject } from '../../graph/seldon/load-deployments.ts';
import type { LoadedDeployments } from '../../graph/seldon/load-deployments.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { judgeWorkloads } from '../workloads/judge.ts';
import { type Reader, type ReadOptions, SOURCE } from './reader.ts';

/** On this thread, for as long as it takes. */
export const INLINE_READER: Reader = {
  read: (object, options) => Promise.resolve(readHere(object, options)),
};

export function readHere(object: JsonObject, options: ReadOptions): LoadedDeployments {
  const { sidecar, keda, isForFindings = false, ...others } = options;
  const loaded = loadObject(object, {
    ...others,
    source: SOURCE,
    hosts: 'cluster',
    judge: judgeWorkloads(sidecar, { keda }),
  });
  return isForFindings ? { deployments: [], findings: loaded.findings } : loaded;
}
