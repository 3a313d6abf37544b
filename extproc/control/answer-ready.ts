// Whether plans are ready, as a response: 200 with what the protocol says then, or 503 with the names of the units that do not accept
// connections.
import { dialectOf } from '../../dialects/known/dialects.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { type ControlResponse, emptyResponse, jsonResponse, refused } from './responses.ts';
import { findSilentUnits } from './dial-units.ts';
import { Shared } from './shared.ts';

const dials = new Shared<readonly string[]>();

/** `findSilentUnits`, for whoever asks: however many do at a time, over whatever transport, the units of the same plans are dialled once. */
export function askSilentUnits(plans: readonly Plan[]): Promise<readonly string[]> {
  return dials.ask(plans.map(({ hash }) => hash).join(), () => findSilentUnits(plans));
}

export async function answerReady(plans: readonly Plan[], body = ''): Promise<ControlResponse> {
  const silent = await askSilentUnits(plans);
  const dialect = dialectOf(plans[0]?.dialect ?? 'seldon');
  if (silent.length > 0)
    return refused(dialect, 503, `units that do not answer: ${silent.join(', ')}`);
  return body === '' ? emptyResponse(200) : jsonResponse(200, body);
}
