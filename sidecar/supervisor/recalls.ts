// What the workers of a filter remember of requests, asked of all but the one that asks. In: a puid; out: what one of them remembers,
// which that one has given out then, or that it has it back.
import type { RecallOutcome } from '../../extproc/feedback/recaller.ts';

/** One worker, as it is asked for another. */
export interface RemembersRequests {
  /** What is remembered of a request, which is then given out. */
  find(puid: string): Promise<RecallOutcome>;
  /** The request may be given out again. True where it is remembered; false where it is not, or nothing is said in time. */
  release(puid: string): Promise<boolean>;
}

/** One after the other, so that only one gives it out. */
export async function recallFrom(
  workers: readonly RemembersRequests[],
  puid: string,
): Promise<RecallOutcome> {
  for (const worker of workers) {
    const answer = await worker.find(puid);
    if (answer.kind !== 'unknown') return answer;
  }
  return { kind: 'unknown' };
}

/** Resolves when the one that remembers it has heard it: no other holds that up. */
export function releaseTo(workers: readonly RemembersRequests[], puid: string): Promise<void> {
  return new Promise((resolve) => {
    const said = workers.map(async (worker) => {
      if (await worker.release(puid)) resolve();
    });
    void Promise.all(said).then(() => resolve());
  });
}
