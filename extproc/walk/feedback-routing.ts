// Which branches a feedback takes: what the prediction's answer said in `meta.routing`, else what the client sends
// back in the header `seldon-routing`. A unit that neither names sends the feedback to all its children. Routers read
// the branch that is rewarded from the body alone, so routing that came in the header is written into what they get.
import { ROUTING_HEADER } from '../../graph/names.ts';
import type { Plan, Step } from '../../graph/plan.ts';
import type { RequestHeaders } from '../exchange.ts';
import type { Message } from '../message.ts';
import type { Dialect } from '../seldon/dialect.ts';
import { ALL, NONE } from './decisions.ts';
import { decodeMessage } from './decode.ts';
import type { Fault } from './outcome.ts';

/** A unit with children. */
interface Parent {
  readonly unit: number;
  readonly name: string;
  readonly children: number;
}

export interface Routed {
  /** The choice of each unit, by its position. */
  readonly choices: Int32Array;
  /** What the units get. */
  readonly message: Message;
}

export interface FeedbackRouting {
  /** FEEDBACK_ROUTING_INVALID when a child is named that is not there. */
  read(message: Message, headers: RequestHeaders): Routed | Fault;
}

function parseHeader(value: string | null): Readonly<Record<string, unknown>> {
  if (value === null) return {};
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export function compileFeedbackRouting(
  plan: Plan,
  dialect: Dialect,
  maxBodyBytes: number,
): FeedbackRouting {
  const parents: Parent[] = [];
  const visit = (step: Step): void => {
    const name = plan.units[step.unit]?.name ?? '';
    if (step.children.length > 0) {
      parents.push({ unit: step.unit, name, children: step.children.length });
    }
    step.children.forEach(visit);
  };
  visit(plan.walk);

  return {
    read(message, headers) {
      const choices = new Int32Array(plan.units.length).fill(ALL);
      if (parents.length === 0) return { choices, message };
      // A body that cannot be read has no routing in it; whether it is a feedback is for the units to say.
      const plain = decodeMessage(message, maxBodyBytes, 'the feedback');
      const inBody = 'kind' in plain ? undefined : dialect.readFeedbackRouting(plain.body);
      const routing = inBody ?? parseHeader(headers.find(ROUTING_HEADER));
      const said: Record<string, number> = {};
      for (const { unit, name, children } of parents) {
        if (!Object.hasOwn(routing, name)) continue;
        const choice = routing[name];
        if (!Number.isInteger(choice) || Number(choice) < NONE || Number(choice) >= children) {
          const text = JSON.stringify(choice);
          const info = `routing of unit "${name}" is ${text}, it has ${children} children`;
          return { kind: 'error', code: 'FEEDBACK_ROUTING_INVALID', info };
        }
        choices[unit] = Number(choice);
        said[name] = Number(choice);
      }
      if (inBody !== undefined || 'kind' in plain || Object.keys(said).length === 0)
        return { choices, message };
      const body = dialect.writeFeedbackRouting(plain.body, said);
      return { choices, message: body === plain.body ? message : { ...plain, body } };
    },
  };
}
