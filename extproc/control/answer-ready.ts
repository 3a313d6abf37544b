// Whether plans are ready, as a response: 200, or 503 with the names of the units that do not accept connections.
import { dialectOf } from '../../dialects/known/dialects.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { type ControlResponse, emptyResponse, refused } from './responses.ts';
import { findSilentUnits } from './dial-units.ts';
import { Shared } from './shared.ts';

const dials = new Shared<readonly string[]>();

/** However many ask at a time, the units of the same plans are dialled once. */
export async function answerReady(plans: readonly Plan[]): Promise<ControlResponse> {
  const silent = await dials.ask(plans.map(({ hash }) => hash).join(), () =>
    findSilentUnits(plans),
  );
  const dialect = dialectOf(plans[0]?.dialect ?? 'seldon');
  return silent.length === 0
    ? emptyResponse(200)
    : refused(dialect, 503, `units that do not answer: ${silent.join(', ')}`);
}
