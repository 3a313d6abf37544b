// The names that a command line says, held against those that the file has: deployment, predictor and units. In go the names of
// both, also of a file with mistakes; out come failures, with the nearest name there is.
import { didYouMean } from '../../graph/manifest/closest-word.ts';
import type { PredictorNames, WrittenNames } from '../../graph/seldon/written-names.ts';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import type { Selection } from './selection.ts';

/** A unit that a flag names: `UNIT` or `PREDICTOR/UNIT`, or one of those with `explainer`. */
export interface NamedUnit {
  readonly flag: string;
  readonly name: string;
}

export interface NameFaults {
  /** No graph is chosen. */
  readonly place: readonly CommandFailure[];
  /** A graph is chosen, and flags name units that it does not have. */
  readonly units: readonly CommandFailure[];
}

/** What could not be read of the file is not held against the command line. */
export function checkNames(
  selection: Selection,
  named: readonly NamedUnit[],
  written: readonly WrittenNames[],
  source: string,
): NameFaults {
  const place: CommandFailure[] = [];
  const found = written.filter(({ deployment }) => deployment === selection.deployment);
  const names = written.map(({ deployment }) => deployment);
  if (selection.deployment !== undefined && found.length === 0 && names.length > 0)
    place.push(
      new CommandFailure(
        'DEPLOYMENT_UNKNOWN',
        `${source} holds no deployment ${selection.deployment}`,
        adviceFor(selection.deployment, names, 'it holds', names),
      ),
    );
  if (selection.deployment === undefined && names.length > 1)
    place.push(
      new CommandFailure(
        'DEPLOYMENT_AMBIGUOUS',
        `${source} holds several deployments: ${names.join(', ')}`,
        'choose one with --deployment NAME',
      ),
    );
  // Where no deployment is chosen a name is known if any of them has it.
  const predictors = (found.length > 0 ? found : written).flatMap((each) => each.predictors);
  const chosen = predictors.filter(({ name }) => name === selection.predictor);
  if (selection.predictor !== undefined && chosen.length === 0 && predictors.length > 0) {
    const known = unique(predictors.map(({ name }) => name));
    const [only, ...more] = found.length > 0 ? found : written;
    const where = more.length > 0 ? source : `the deployment ${only?.deployment ?? ''}`;
    place.push(
      new CommandFailure(
        'PREDICTOR_UNKNOWN',
        `${where} has no predictor ${selection.predictor}`,
        adviceFor(selection.predictor, known, 'its predictors', known),
      ),
    );
  }
  return { place, units: checkUnits(named, chosen.length > 0 ? chosen : predictors) };
}

function checkUnits(
  named: readonly NamedUnit[],
  predictors: readonly PredictorNames[],
): CommandFailure[] {
  if (predictors.length === 0) return [];
  const plain = new Set<string>();
  const full = new Set<string>();
  for (const { name: predictor, units, hasExplainer } of predictors) {
    if (units === undefined) return [];
    for (const unit of hasExplainer ? [...units, 'explainer'] : units) {
      plain.add(unit);
      full.add(`${predictor}/${unit}`);
    }
  }
  return named
    .filter(({ name }) => !plain.has(name) && !full.has(name))
    .map(
      ({ flag, name }) =>
        new CommandFailure(
          'UNIT_UNKNOWN',
          `${flag} names the unit ${name}, which the graph does not have`,
          adviceFor(name, [...(name.includes('/') ? full : plain)], 'its units', [...plain]),
        ),
    );
}

function adviceFor(
  written: string,
  near: readonly string[],
  label: string,
  known: readonly string[],
): string {
  const all = `${label}: ${known.join(', ')}`;
  const question = didYouMean(written, near);
  return question === undefined ? all : `${question} ${all}`;
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
