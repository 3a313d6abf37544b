// The models that a graph answers for, as OpenAI's protocol lists them: what its model units list, one after the other.
import type { IncomingHttpHeaders } from 'node:http';
import type { Plan } from '../../graph/plan/plan.ts';
import { dialectOf } from '../../dialects/known/dialects.ts';
import { HeldAccount } from '../contract/held-bytes.ts';
import { type ControlResponse, failed, jsonResponse } from './responses.ts';
import { askUnit } from './ask-unit.ts';
import { heldInfo } from './limits.ts';
import { plainBody } from './plain-body.ts';

/** A unit that lists nothing is there under its own name; one that does not answer at all is an error. */
export async function answerModels(
  plan: Plan,
  headers: IncomingHttpHeaders,
  gone: AbortSignal,
): Promise<ControlResponse> {
  const account = new HeldAccount(heldInfo);
  const { 'accept-encoding': _, ...readable } = headers;
  const dialect = dialectOf(plan.dialect);
  try {
    const asked = plan.units.flatMap(({ name, type }, index) =>
      type === 'MODEL' ? [{ name, index }] : [],
    );
    const data: unknown[] = [];
    const results = await Promise.all(
      asked.map(({ index, name }) =>
        plan.units[index]?.builtIn === null
          ? askUnit(plan, index, name, 'metadata', readable, account, gone)
          : Promise.resolve(undefined),
      ),
    );
    for (const [at, { name }] of asked.entries()) {
      const result = results[at];
      if (result?.kind === 'failure') return failed(dialect, result.code, result.text);
      const body =
        result === undefined
          ? undefined
          : await plainBody(result.response, plan.policy.maxAnswerBytes, account);
      const listed = body === undefined ? [] : readList(body);
      if (listed.length === 0) {
        data.push({ id: name, object: 'model', created: 0, owned_by: 'sidegraph' });
      } else data.push(...listed);
    }
    return jsonResponse(200, JSON.stringify({ object: 'list', data }));
  } finally {
    account.close();
  }
}

function readList(body: Buffer): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('data' in parsed)) return [];
    return Array.isArray(parsed.data) ? parsed.data : [];
  } catch {
    return [];
  }
}
