// Asks a unit over gRPC something that is not on the path: its metadata, its readiness. The client is that of predictions, so a unit fails here
// with the same codes, and its own errors reach the client with all that they say.
import { type status as GrpcStatus, Metadata } from '@grpc/grpc-js';
import { ERRORS, type ErrorCode } from '../../graph/plan/errors.ts';
import { ERROR_HEADER } from '../../graph/plan/names.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { findEdge, unitNameOf } from '../../graph/plan/queries.ts';
import { encodeField } from '../../lib/codecs/http2/hpack.ts';
import { hostPort } from '../../lib/runtime/hosts.ts';
import { Http2Client } from '../client/http2/client.ts';
import type { CallResponse, CallResult } from '../contract/calls.ts';
import { HeldAccount } from '../contract/held-bytes.ts';
import { passesToUnits } from '../contract/passed-headers.ts';
import { callOnce } from './call-once.ts';
import { heldInfo } from './limits.ts';

/** An error that gRPC can say. */
export interface Refusal {
  readonly code: GrpcStatus;
  readonly details: string;
  readonly metadata: Metadata;
}

export type GrpcUnitResult = { readonly bytes: Buffer } | { readonly refusal: Refusal };

/** An error of ours: the code in a header as well. */
export function refusalOf(code: ErrorCode, info: string): Refusal {
  const metadata = new Metadata();
  metadata.set(ERROR_HEADER, code);
  return { code: ERRORS[code].grpcStatus, details: `${code}: ${info}`, metadata };
}

/**
 * Calls a method of a unit, on a connection of its own; every outcome is a value. `index` is that of the unit in the plan; `gone` is aborted when nobody waits
 * for it any more.
 */
export async function askUnitGrpc(
  plan: Plan,
  index: number,
  path: string,
  request: Buffer,
  metadata: Metadata,
  gone: AbortSignal,
): Promise<GrpcUnitResult> {
  const edge = findEdge(plan, index, 'grpc');
  const name = unitNameOf(plan, index);
  if (edge === undefined)
    return { refusal: refusalOf('UNIT_UNREACHABLE', `unit ${name} has no gRPC address`) };
  const client = new Http2Client({
    address: { kind: 'tcp', host: edge.host, port: edge.port },
    host: hostPort(edge),
  });
  const account = new HeldAccount(heldInfo);
  const call = { path, headers: passedMetadata(metadata), body: request };
  const result = await callOnce(client, plan, call, account, gone);
  account.close();
  return readResult(result, name);
}

function readResult(result: CallResult, unitName: string): GrpcUnitResult {
  if (result.kind === 'failure')
    return { refusal: refusalOf(result.code, `unit "${unitName}": ${result.text}`) };
  if (result.isOk) return { bytes: result.body };
  const { status: code, grpcMessage: details } = result;
  return { refusal: { code, details, metadata: metadataOf(result) } };
}

/** What a unit said beside its error, before and after it. */
function metadataOf({ head }: CallResponse): Metadata {
  const metadata = new Metadata();
  for (const entries of [head.entries(), head.trailers?.() ?? []])
    for (let at = 0; at + 1 < entries.length; at += 2) {
      const [name = '', value = ''] = entries.slice(at, at + 2);
      if (name === ERROR_HEADER || name === 'content-type') continue;
      // The library that answers throws at what gRPC does not allow, and at what HTTP/2 does not; then no response would come.
      if (!/^[0-9a-z_.-]+$/.test(name) || !/^[ -~]*$/.test(value)) continue;
      if (name === 'http2-settings') continue;
      if (name.endsWith('-bin')) metadata.add(name, Buffer.from(value, 'base64'));
      // Of some names one line is allowed, however many the unit said.
      else metadata.set(name, [...metadata.get(name), value].join(', '));
    }
  return metadata;
}

/** The client's metadata, without what is ours or the connection's. */
function passedMetadata(metadata: Metadata): Buffer {
  const fields: Buffer[] = [];
  for (const name of Object.keys(metadata.getMap())) {
    if (!passesToUnits(name) || name === 'user-agent' || name.startsWith('grpc-')) continue;
    for (const value of metadata.get(name))
      fields.push(encodeField(name, Buffer.isBuffer(value) ? value.toString('base64') : value));
  }
  return Buffer.concat(fields);
}
