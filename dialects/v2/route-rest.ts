// A router's response over REST: a V2 response whose first output begins with the branch, or any form that Seldon's routers answer
// (`[1]`, a SeldonMessage).
import { readJsonRoute } from '../seldon/route-json.ts';
import type { Payload, Unusable } from '../payload.ts';
import { DATATYPE_BYTES, isDatatype, readValues } from '../tensors/datatypes.ts';
import { firstJsonNumber } from '../tensors/json-numbers.ts';
import { readLayout } from './layout.ts';
import { readOutputs, jsonStringAt, splitTail } from './tensors-rest.ts';

const NO_NUMBER: Unusable = {
  code: 'ROUTE_UNUSABLE',
  info: 'the response to route holds no number where a branch is expected',
  position: 0,
};

export function readRestRoute(payload: Payload): number | Unusable {
  const layout = readLayout(payload);
  const outputs = layout === undefined ? undefined : readOutputs(layout.json);
  if (layout === undefined || outputs === undefined) return readJsonRoute(payload.body);
  const [first] = outputs;
  if (first === undefined) return NO_NUMBER;
  const bytes = splitTail(payload, layout.json, [first])?.[0];
  let branch: number | undefined;
  if (bytes !== undefined) {
    const type = jsonStringAt(layout.json, first.datatype);
    if (isDatatype(type)) branch = readValues(type, bytes.subarray(0, DATATYPE_BYTES[type]))?.[0];
  } else if (first.data !== undefined) {
    branch = firstJsonNumber(payload.body, first.data);
  }
  if (branch === undefined || !Number.isFinite(branch)) return NO_NUMBER;
  // `+ 0` makes 0 of −0.
  return Math.trunc(branch) + 0;
}
