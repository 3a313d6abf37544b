// Asks a unit something that is not on the path: its status or its metadata, by GET, with the client's headers. The client is that of
// predictions, so a unit whose responses to those are understood is understood here, and fails with the same codes.
import type { IncomingHttpHeaders } from 'node:http';
import { passesToUnits } from '../contract/passed-headers.ts';
import type { CallResult } from '../contract/calls.ts';
import type { ErrorCode } from '../../graph/plan/errors.ts';
import type { Plan, Verb } from '../../graph/plan/plan.ts';
import { findEdge, unitNameOf } from '../../graph/plan/queries.ts';
import type { ByteAccount } from '../contract/held-bytes.ts';
import { Http1Client } from '../client/http1/client.ts';
import { callOnce } from './call-once.ts';
import { dialectOf } from '../../dialects/known/dialects.ts';
import { hostPort } from '../../lib/runtime/hosts.ts';

export interface UnitResponse {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly body: Buffer;
}

export type UnitResult =
  | { readonly kind: 'response'; readonly response: UnitResponse }
  | { readonly kind: 'failure'; readonly code: ErrorCode; readonly text: string };

const NO_BODY = Buffer.alloc(0);

/**
 * GETs the path of a verb on a unit, on a connection of its own; every outcome is a value. `unit` is an index into the plan's units, `model`
 * its model as a segment of the path. The response's bytes are held in `account` before they are read; `gone` is
 * aborted when nobody waits for it any more.
 */
export async function askUnit(
  plan: Plan,
  unit: number,
  model: string,
  verb: Extract<Verb, 'status' | 'metadata'>,
  headers: IncomingHttpHeaders,
  account: ByteAccount,
  gone: AbortSignal,
): Promise<UnitResult> {
  const edge = findEdge(plan, unit, 'rest');
  const name = unitNameOf(plan, unit);
  if (edge === undefined) return unreachable(`unit ${name} has no HTTP address`);
  const path = dialectOf(edge.dialect).unitPath(model, verb, 'rest');
  if (path === undefined)
    return unreachable(`unit ${name}: protocol ${edge.dialect} has no ${verb}`);
  const client = new Http1Client({
    address: { kind: 'tcp', host: edge.host, port: edge.port },
    host: hostPort(edge),
    method: 'GET',
  });
  const call = { path, headers: passedHeaders(headers), body: NO_BODY };
  return readResult(await callOnce(client, plan, call, account, gone));
}

/** As lines of HTTP/1.1. Node has seen to it that no value has a line end. */
function passedHeaders(headers: IncomingHttpHeaders): Buffer {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || !passesToUnits(name)
      ? []
      : [value].flat().map((each) => `${name}: ${each}\r\n`),
  );
  return Buffer.from(`${lines.join('')}connection: close\r\n`, 'latin1');
}

function readResult(result: CallResult): UnitResult {
  if (result.kind === 'failure') return result;
  const { status, head, body } = result;
  const contentType = head.find('content-type');
  const contentEncoding = head.find('content-encoding');
  return { kind: 'response', response: { status, contentType, contentEncoding, body } };
}

function unreachable(text: string): UnitResult {
  return { kind: 'failure', code: 'UNIT_UNREACHABLE', text };
}
