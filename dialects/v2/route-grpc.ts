// A router's response over gRPC: the first number of the first output of its ModelInferResponse is the branch (truncated).
import type { Payload, Unusable } from '../payload.ts';
import { readNumbers, readOutputs } from './tensors-grpc.ts';

const BROKEN: Unusable = {
  code: 'ANSWER_MALFORMED',
  info: 'the response of the router is no ModelInferResponse',
  position: 0,
};
const NO_NUMBER: Unusable = {
  code: 'ROUTE_UNUSABLE',
  info: 'the response of the router holds no number where a branch is expected',
  position: 0,
};

export function readGrpcRoute({ body }: Payload): number | Unusable {
  const outputs = readOutputs(body);
  if (outputs === undefined) return BROKEN;
  const [first] = outputs;
  const tensor = first === undefined ? 'none' : readNumbers(first);
  const branch = typeof tensor === 'string' ? undefined : tensor.values[0];
  if (branch === undefined || !Number.isFinite(branch)) return NO_NUMBER;
  return Math.trunc(branch) + 0;
}
