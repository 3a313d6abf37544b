// From a file and the user's choice to one deployment: loaded, checked, narrowed to what was asked for.
import type { Deployment } from '../../graph/plan/deployment.ts';
import type { Finding } from '../../graph/manifest/finding.ts';
import { hasErrors } from '../../graph/manifest/finding.ts';
import { loadDeployments } from '../../graph/seldon/load-deployments.ts';
import { CommandFailure, joinFailures } from '../../lib/runtime/failure.ts';
import { type FileFindings, renderFindings, summarizeFindings } from '../manifests/findings.ts';
import { checkNames, type NamedUnit } from './check-names.ts';
import type { Selection } from './selection.ts';
import type { Paint } from '../../lib/runtime/paint.ts';
import { addressesOf } from '../units/url.ts';

export interface Selected {
  readonly deployment: Deployment;
  readonly findings: readonly Finding[];
  /** Flags name units that the graph does not have; whoever goes on reports them with what it finds itself. */
  readonly strays: readonly CommandFailure[];
}

/**
 * Throws a CommandFailure when the text has errors or the choice fits none or several deployments; it says what is wrong with
 * the names of units too. `named`: units that flags name besides `--unit`.
 */
export function selectDeployment(
  text: string,
  source: string,
  selection: Selection,
  paint: Paint,
  named: readonly NamedUnit[] = [],
): Selected {
  const addresses = addressesOf(selection.units);
  const { deployments, names, findings } = loadDeployments(text, { source, addresses });
  const given = [...selection.units.keys()].map((name) => ({ flag: '--unit', name }));
  const faults = checkNames(selection, [...given, ...named], names, source);
  const place = [...describeErrors(source, findings, paint), ...faults.place];
  const failure = joinFailures(place.length > 0 ? [...place, ...faults.units] : []);
  if (failure !== undefined) throw failure;
  const deployment = deployments.find(
    ({ name }) => selection.deployment === undefined || name === selection.deployment,
  );
  if (deployment === undefined)
    throw new CommandFailure(
      'DEPLOYMENT_UNKNOWN',
      `${source} holds no SeldonDeployment`,
      'name a file that does',
    );
  return { deployment: narrow(deployment, selection), findings, strays: faults.units };
}

/** None or one. */
function describeErrors(
  source: string,
  findings: readonly Finding[],
  paint: Paint,
): CommandFailure[] {
  if (!hasErrors(findings)) return [];
  const file: FileFindings = { source, deployments: [], findings };
  return [
    new CommandFailure(
      'FINDINGS',
      `the file has mistakes\n${renderFindings(file, paint)}\n${summarizeFindings([file])}`,
      'fix the errors',
    ),
  ];
}

/** A predictor alone serves everything, also a shadow. */
function narrow(deployment: Deployment, { predictor }: Selection): Deployment {
  const chosen = deployment.predictors.find(({ name }) => name === predictor);
  return chosen === undefined
    ? deployment
    : { ...deployment, predictors: [{ ...chosen, traffic: 100, shadow: false }] };
}
