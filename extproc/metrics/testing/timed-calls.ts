// Calls of a made-up length, for tests of what is counted: a clock that moves as it is told, and the histograms that read it.
import type { CallVerb, Plan, Transport } from '../../../graph/plan/plan.ts';
import { unitNameOf } from '../../../graph/plan/queries.ts';
import type { ObservedCall } from '../../contract/call-observer.ts';
import type { CallResult } from '../../contract/calls.ts';
import { CallHistograms } from '../call-histograms.ts';
import { FakeExchange, fakeClient, jsonMessage } from '../../walk/testing/fake-units.ts';

const RESULT: CallResult = { kind: 'failure', code: 'UNIT_RESET', text: '' };

/** Notes a call that took `ms` and ended with `status`, or was given up. */
export type NoteCall = (
  unit: number,
  verb: CallVerb,
  transport: Transport,
  status: number | 'cancelled',
  ms: number,
) => void;

export function timedCalls(): { calls: CallHistograms; prepare: (plan: Plan) => NoteCall } {
  let now = 0;
  const calls = new CallHistograms(() => now);
  const prepare = (plan: Plan): NoteCall => {
    const observer = calls.prepare(plan);
    return (unit, verb, transport, status, ms) => {
      const unitName = unitNameOf(plan, unit);
      const client = fakeClient(unitName, transport, () => {});
      const call: ObservedCall = { unit, unitName, verb, transport, path: '', client };
      const message = jsonMessage('{}');
      const trace = observer.begin(call, new FakeExchange(message), message, message.body);
      now += ms;
      if (status === 'cancelled') trace?.cancelled();
      else trace?.end(status, RESULT);
    };
  };
  return { calls, prepare };
}
