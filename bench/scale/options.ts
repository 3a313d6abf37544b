// What the measurement is told.
import { parseArgs } from 'node:util';

export interface ScaleOptions {
  readonly deployments: number;
  /** Changes of weights that are measured. */
  readonly changes: number;
  /** Requests a second through the gateway meanwhile. */
  readonly rate: number;
  /** How long the operator is watched once nothing is to be done, s. */
  readonly idleSeconds: number;
  /** For all deployments to be Available, s. */
  readonly timeoutSeconds: number;
  /** File for the numbers as JSON; '' for none. */
  readonly json: string;
  /** Folder that the programs' logs are copied to; '' for none. */
  readonly keepLogs: string;
  /** More flags of Node for the operator, such as --cpu-prof. */
  readonly operatorNode: readonly string[];
}

export const USAGE = `Usage: scale.ts [--deployments 2000] [--changes 20] [--rate 50] [--idle-seconds 30] [--timeout-seconds 900]
                [--json FILE] [--keep-logs DIR] [--operator-node FLAG]…
`;

/** Throws with words for people. */
export function parseScaleOptions(args: readonly string[]): ScaleOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      deployments: { type: 'string', default: '2000' },
      changes: { type: 'string', default: '20' },
      rate: { type: 'string', default: '50' },
      'idle-seconds': { type: 'string', default: '30' },
      'timeout-seconds': { type: 'string', default: '900' },
      json: { type: 'string', default: '' },
      'keep-logs': { type: 'string', default: '' },
      'operator-node': { type: 'string', multiple: true, default: [] },
    },
  });
  const whole = (name: 'deployments' | 'changes' | 'rate' | 'idle-seconds' | 'timeout-seconds') => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value > 0) return value;
    throw new Error(`--${name} ${values[name]} is no whole number above 0\n${USAGE}`);
  };
  return {
    deployments: whole('deployments'),
    changes: whole('changes'),
    rate: whole('rate'),
    idleSeconds: whole('idle-seconds'),
    timeoutSeconds: whole('timeout-seconds'),
    json: values.json,
    keepLogs: values['keep-logs'],
    operatorNode: values['operator-node'],
  };
}
