// Feedback in the walk's tests: a desk with a clock that the test moves, and programs around it whose units answer by a function.
import { unitNameOf } from '../../../graph/plan/queries.ts';
import type { Plan, RouteKind } from '../../../graph/plan/plan.ts';
import type { CallResult } from '../../contract/calls.ts';
import { BranchMemory } from '../../feedback/branch-memory.ts';
import type { Siblings } from '../../feedback/recaller.ts';
import { MemoryStore } from '../../policies/memory-store.ts';
import type { FeedbackDesk } from '../context.ts';
import { deskAround } from '../desk.ts';
import { compileProgram } from '../program.ts';
import {
  type Asked,
  fakeClient,
  FakeExchange,
  fakeHeaders,
  jsonMessage,
  jsonResponse,
  type Node,
} from './fake-units.ts';

export const A: Node = { name: 'a', type: 'MODEL' };
export const B: Node = { name: 'b', type: 'MODEL' };
export const ROUTER: Node = { name: 'r', type: 'ROUTER', children: [A, B] };

export type Answers = (asked: Asked) => CallResult | undefined;
export const toB: Answers = ({ verb }) => jsonResponse(verb === 'route' ? '[1]' : '{}');

export function openDesk(siblings?: Siblings): FeedbackDesk & { readonly time: { ms: number } } {
  const time = { ms: 0 };
  const memory = new BranchMemory(() => time.ms);
  memory.limit({ feedbackTtlMs: 1000, feedbackEntries: 100, feedbackBytes: 65_536 }, 1);
  return { time, ...deskAround(memory, siblings, new MemoryStore()) };
}

/** A program whose units answer by a function that may be changed; undefined: none comes. */
export function serve(plan: Plan, desk: FeedbackDesk, answers: Answers = toB) {
  const units = { answers };
  let asked: Asked[] = [];
  const program = compileProgram(plan, {
    clientFor: (edge) =>
      fakeClient(unitNameOf(plan, edge.unit), edge.transport, (each, done) => {
        asked.push(each);
        const response = units.answers(each);
        if (response !== undefined) done(response);
      }),
    random: () => 0,
    feedback: desk,
    log: {
      error(fields) {
        throw Object.values(fields)[0];
      },
    },
  });
  const open = (kind: RouteKind, text: string | Buffer, headers: Record<string, string> = {}) => {
    asked = [];
    const message = { ...jsonMessage(''), body: Buffer.from(text) };
    const exchange = new FakeExchange(message, fakeHeaders(headers));
    program.route(kind).handle(exchange);
    return exchange;
  };
  return {
    program,
    units,
    open,
    predict: (puid: string) => open('predict-rest', '{}', { 'seldon-puid': puid }).outcome,
    async feedback(text: string | Buffer, headers?: Record<string, string>, kind?: RouteKind) {
      const outcome = await open(kind ?? 'feedback-rest', text, headers).outcome;
      return {
        outcome,
        end: outcome.kind === 'error' ? outcome.code : outcome.kind,
        calls: asked.map(({ unit, verb, body }) => `${unit} ${verb} ${body.toString()}`),
      };
    },
    calls: () => asked.map(({ unit, verb }) => `${unit} ${verb}`),
  };
}

/** A feedback of that puid. */
export const short = (puid: string, reward = 1): string => JSON.stringify({ puid, reward });
