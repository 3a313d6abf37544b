// The part of a command line that says which graph of a file is meant and where its units are; `run` and `explain` share it.
import { type ReportProblem, parsed, text } from '../../lib/runtime/options.ts';
import { type UnitAddress, parseUnitFlags } from '../units/url.ts';

export interface Selection {
  readonly file: string;
  readonly deployment: string | undefined;
  readonly predictor: string | undefined;
  readonly units: ReadonlyMap<string, UnitAddress>;
}

export const SELECTION_FLAGS = {
  deployment: text(),
  predictor: text(),
  unit: parsed(parseUnitFlags, new Map<string, UnitAddress>()),
};

/** The one file of a command line. */
export function takeFile(command: string, rest: readonly string[], fault: ReportProblem): string {
  const [file, ...more] = rest;
  if (file === undefined) fault(`${command} needs a file`);
  if (more.length > 0) fault(`${command} takes one file, not also ${more.join(' ')}`);
  return file ?? '';
}
