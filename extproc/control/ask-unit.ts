// Asks a unit something that is not on the path: its status or its metadata, by GET, with the client's headers.
import type { IncomingHttpHeaders } from 'node:http';
import { request } from '../../lib/runtime/node-http.ts';
import { passesToUnits } from '../contract/passed-headers.ts';
import type { Plan, Verb } from '../../graph/plan/plan.ts';
import { type ByteAccount, OVERLOADED_INFO } from '../contract/held-bytes.ts';
import { MAX_UNIT_INFO_BYTES, UNIT_INFO_TIMEOUT_MS } from './limits.ts';
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
  | {
      readonly kind: 'failure';
      readonly code: 'UNIT_UNREACHABLE' | 'UNIT_TIMEOUT' | 'ANSWER_TOO_LARGE' | 'OVERLOADED';
      readonly text: string;
    };

/**
 * GETs the path of a verb on a unit; every outcome is a value. `unit` is an index into the plan's units, `model` its model as a segment of the path. The response's bytes are held
 * in `account` as they come.
 */
export function askUnit(
  plan: Plan,
  unit: number,
  model: string,
  verb: Extract<Verb, 'status' | 'metadata'>,
  headers: IncomingHttpHeaders,
  account: ByteAccount,
): Promise<UnitResult> {
  const edge = plan.edges.find((known) => known.unit === unit && known.transport === 'rest');
  const name = plan.units[unit]?.name ?? '';
  if (edge === undefined) {
    return Promise.resolve(failure('UNIT_UNREACHABLE', `unit ${name} has no HTTP address`));
  }
  const timeoutMs = plan.policy.restTimeoutMs ?? UNIT_INFO_TIMEOUT_MS;
  const maxBytes = Math.min(plan.policy.maxAnswerBytes, MAX_UNIT_INFO_BYTES);
  const path = dialectOf(edge.dialect).unitPath(model, verb, 'rest');
  if (path === undefined) {
    const what = `protocol ${edge.dialect} has no ${verb}`;
    return Promise.resolve(failure('UNIT_UNREACHABLE', `unit ${name}: ${what}`));
  }
  const what = `GET http://${hostPort(edge)}${path}`;
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = request(
      {
        host: edge.host,
        port: edge.port,
        path,
        headers: passedHeaders(headers),
        agent: false,
        signal,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxBytes) {
            resolve(failure('ANSWER_TOO_LARGE', `${what}: the response is over ${maxBytes} bytes`));
            incoming.destroy();
          } else if (!account.hold(chunk.length)) {
            resolve(failure('OVERLOADED', `${what}: ${OVERLOADED_INFO}`));
            incoming.destroy();
          } else chunks.push(chunk);
        });
        incoming.on('end', () =>
          resolve({
            kind: 'response',
            response: {
              status: incoming.statusCode ?? 502,
              contentType: incoming.headers['content-type'],
              contentEncoding: incoming.headers['content-encoding'],
              body: Buffer.concat(chunks),
            },
          }),
        );
        incoming.on('error', (error) => resolve(toFailure(what, signal, error)));
      },
    );
    outgoing.on('error', (error) => resolve(toFailure(what, signal, error)));
    outgoing.end();
  });
}

function passedHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => passesToUnits(name)));
}

function toFailure(what: string, signal: AbortSignal, error: Error): UnitResult {
  return signal.aborted
    ? failure('UNIT_TIMEOUT', `${what}: no response in time`)
    : failure('UNIT_UNREACHABLE', `${what}: ${error.message}`);
}

function failure(code: Extract<UnitResult, { kind: 'failure' }>['code'], text: string): UnitResult {
  return { kind: 'failure', code, text };
}
