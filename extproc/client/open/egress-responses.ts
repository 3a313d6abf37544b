// Calls over Envoy's egress listener: what Envoy answers itself, because the unit did not, becomes the failure that a call straight
// to the unit would have been. Envoy marks it with its code, a header that the listener takes out of units' own responses.
import { ERRORS, type ErrorCode } from '../../../graph/plan/errors.ts';
import { ERROR_HEADER } from '../../../graph/plan/names.ts';
import type { CallFailure } from '../../contract/failure.ts';
import {
  type CallResponse,
  type CallResult,
  decorateClient,
  type UnitClient,
} from '../../contract/calls.ts';

/** `host`: of the calls, the unit's name on the listener; `address`: where the unit is, as failures name it. */
export function readEgressResponses(client: UnitClient, host: string, address: string): UnitClient {
  const placed = (result: CallResult): CallResult =>
    result.kind === 'failure'
      ? { ...result, text: result.text.replace(`//${host}/`, `//${address}/`) }
      : result;
  return decorateClient(client, {
    call: (request, done) =>
      client.call(request, (result) => done(failureOf(result) ?? placed(result))),
  });
}

/** Undefined where the response is the unit's own. */
function failureOf(result: CallResult): CallFailure | undefined {
  if (result.kind !== 'response' || result.isOk) return undefined;
  const code = result.head.find(ERROR_HEADER);
  return code !== undefined && isErrorCode(code)
    ? { kind: 'failure', code, text: infoOf(result) }
    : undefined;
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

/** gRPC: the status's message; REST: `status.info` of Seldon's FAILURE body. */
function infoOf(response: CallResponse): string {
  if (response.grpcMessage !== '') return response.grpcMessage;
  const text = response.body.toString('utf8');
  try {
    const body = JSON.parse(text) as { readonly status?: { readonly info?: unknown } } | undefined;
    const info = body?.status?.info;
    return typeof info === 'string' ? info : text;
  } catch {
    return text;
  }
}
