// Status and metadata of units and of the graph over REST: a unit's own response is passed on as it is, the graph's is
// put together from all of them.
import type { IncomingHttpHeaders } from 'node:http';
import { dialectOf } from '../../dialects/known/dialects.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { HeldAccount } from '../contract/held-bytes.ts';
import { heldInfo } from './limits.ts';
import { type ControlResponse, failed, jsonResponse, refused } from './responses.ts';
import { findAsked, unknownModel } from './find-asked.ts';
import { askUnit, type UnitResponse } from './ask-unit.ts';
import { plainBody } from './plain-body.ts';
import {
  builtInMetadata,
  deriveGraphMetadata,
  type ModelMetadata,
} from '../../dialects/seldon/graph-metadata.ts';

/** `GET …/status/{unit}` and `GET …/metadata/{unit}`. */
export async function answerUnit(
  plan: Plan,
  name: string,
  version: string,
  verb: 'status' | 'metadata',
  headers: IncomingHttpHeaders,
  gone: AbortSignal,
): Promise<ControlResponse> {
  const asked = findAsked(plan, name);
  const unit = asked === undefined ? undefined : plan.units[asked.unit];
  const dialect = dialectOf(plan.dialect);
  if (asked === undefined || unit === undefined) {
    const { code, info } = unknownModel(dialect, name);
    return failed(dialect, code, info);
  }
  if (unit.builtIn !== null) {
    return jsonResponse(
      200,
      JSON.stringify(verb === 'status' ? { status: 'ok' } : builtInMetadata(unit)),
    );
  }
  return accounted(async (account) => {
    const model = `${encodeURIComponent(asked.model)}${version}`;
    const result = await askUnit(plan, asked.unit, model, verb, headers, account, gone);
    return result.kind === 'failure'
      ? failed(dialect, result.code, result.text)
      : passOn(result.response);
  });
}

/** What the graph says of itself as a server. */
export function serverMetadata(plan: Plan): object {
  return { name: plan.deployment, version: plan.predictorVersion, extensions: [] };
}

/** Gives back what was held for a response when it is made. */
async function accounted(
  answer: (account: HeldAccount) => Promise<ControlResponse>,
): Promise<ControlResponse> {
  const account = new HeldAccount(heldInfo);
  try {
    return await answer(account);
  } finally {
    account.close();
  }
}

/** `GET /api/v1.0/metadata`: all units are asked side by side; the first that fails, in plan order, is the response. */
export function answerGraph(
  plan: Plan,
  headers: IncomingHttpHeaders,
  gone: AbortSignal,
): Promise<ControlResponse> {
  return accounted((account) => graphResponse(plan, headers, account, gone));
}

async function graphResponse(
  plan: Plan,
  headers: IncomingHttpHeaders,
  account: HeldAccount,
  gone: AbortSignal,
): Promise<ControlResponse> {
  const dialect = dialectOf(plan.dialect);
  // What the client can unpack says nothing about what is read here.
  const { 'accept-encoding': _, ...readable } = headers;
  const results = await Promise.all(
    plan.units.map((unit, index) =>
      unit.builtIn === null
        ? askUnit(plan, index, unit.name, 'metadata', readable, account, gone)
        : Promise.resolve(undefined),
    ),
  );
  const models: ModelMetadata<unknown>[] = [];
  for (const [index, unit] of plan.units.entries()) {
    const result = results[index];
    if (result === undefined) {
      models.push(builtInMetadata(unit));
      continue;
    }
    if (result.kind === 'failure') return failed(dialect, result.code, result.text);
    const { status } = result.response;
    if (status < 200 || status > 299) {
      return refused(dialect, 500, `metadata of ${unit.name}: status ${status}`);
    }
    const body = await plainBody(result.response, plan.policy.maxAnswerBytes, account);
    if (body === undefined) {
      return failed(
        dialect,
        'ANSWER_NOT_DECODABLE',
        `metadata of ${unit.name}: its content encoding cannot be read`,
      );
    }
    const model = parseModel(body);
    if (model === undefined) {
      return failed(dialect, 'ANSWER_MALFORMED', `metadata of ${unit.name}: not a JSON object`);
    }
    models.push(model);
  }
  const graph = deriveGraphMetadata(plan, models);
  return jsonResponse(
    200,
    JSON.stringify({
      name: graph.name,
      models: graph.models,
      graphinputs: graph.inputs ?? null,
      graphoutputs: graph.outputs ?? null,
    }),
  );
}

function passOn({ status, body, contentType, contentEncoding }: UnitResponse): ControlResponse {
  return {
    status,
    body,
    headers: {
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...(contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding }),
    },
  };
}

/** Reads a unit's metadata: the fields that Seldon knows, in Seldon's order, keys inside them sorted. */
function parseModel(body: Buffer): ModelMetadata<unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  const known: Record<string, unknown> = {};
  for (const name of ['name', 'platform', 'versions', 'inputs', 'outputs', 'custom']) {
    if (fields[name] !== undefined && fields[name] !== null) known[name] = sortKeys(fields[name]);
  }
  return known;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, sortKeys(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
