// A router's response over gRPC: a SeldonMessage whose tensor, ndarray or tftensor begins with the branch (truncated).
import type { Unusable } from '../payload.ts';
import { DATA, TENSOR, TF_TENSOR } from './fields.ts';
import { type ArrayData, readArrayData, readDoubles, readInts, readList } from './numbers-proto.ts';

const BROKEN: Unusable = {
  code: 'ANSWER_MALFORMED',
  info: 'the response to Route is no protobuf message',
  position: 0,
};
const NO_NUMBER: Unusable = {
  code: 'ROUTE_UNUSABLE',
  info: 'the response to Route holds no number where a branch is expected',
  position: 0,
};

function branchOf(array: ArrayData): unknown {
  switch (array.field) {
    case DATA.tensor:
      return readDoubles(array.payload, TENSOR.values)?.[0];
    case DATA.tftensor:
      return readInts(array.payload, TF_TENSOR.intVal)?.[0];
    default: {
      const first = readList(array.payload)?.[0];
      return Array.isArray(first) ? first[0] : first;
    }
  }
}

export function readProtoRoute(body: Buffer): number | Unusable {
  const array = readArrayData(body);
  if (array === 'broken') return BROKEN;
  const branch = array === 'absent' ? undefined : branchOf(array);
  if (typeof branch !== 'number' || Number.isNaN(branch)) return NO_NUMBER;
  return Math.trunc(branch) + 0;
}
