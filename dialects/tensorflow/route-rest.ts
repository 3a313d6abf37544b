// A router's response over REST: the first number of `predictions` or `outputs` is the branch (truncated), or any form that Seldon's
// routers answer (`[1]`, a SeldonMessage).
import type { Payload, Unusable } from '../payload.ts';
import { readJsonRoute } from '../seldon/route-json.ts';
import { firstJsonNumber } from '../tensors/json-numbers.ts';
import { findResult, scannable } from './tensors-rest.ts';

const NO_NUMBER: Unusable = {
  code: 'ROUTE_UNUSABLE',
  info: 'the response to route holds no number where a branch is expected',
  position: 0,
};

export function readRestRoute({ body }: Payload): number | Unusable {
  const json = scannable(body);
  const result = json === undefined ? undefined : findResult(json);
  if (json === undefined || result === undefined) return readJsonRoute(body);
  const branch = firstJsonNumber(body, result.span);
  if (branch === undefined) return NO_NUMBER;
  // `+ 0` makes 0 of −0.
  return Math.trunc(branch) + 0;
}
