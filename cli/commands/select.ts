// From a file and the user's choice to one deployment: loaded, checked, narrowed to what was asked for.
import type { Deployment } from '../../graph/plan/deployment.ts';
import type { Finding } from '../../graph/manifest/finding.ts';
import { hasErrors } from '../../graph/manifest/finding.ts';
import { loadDeployments } from '../../graph/seldon/load-deployments.ts';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { type FileFindings, renderFindings, summarizeFindings } from '../manifests/findings.ts';
import type { Selection } from './selection.ts';
import type { Paint } from '../../lib/runtime/paint.ts';
import { addressesOf } from '../units/url.ts';

export interface Selected {
  readonly deployment: Deployment;
  readonly findings: readonly Finding[];
}

/** Throws a CommandFailure when the text has errors or the choice fits none or several deployments. */
export function selectDeployment(
  text: string,
  source: string,
  selection: Selection,
  paint: Paint,
): Selected {
  const addresses = addressesOf(selection.units);
  const { deployments, findings } = loadDeployments(text, { source, addresses });
  if (hasErrors(findings)) {
    const file: FileFindings = { source, deployments: [], findings };
    throw new CommandFailure(
      'FINDINGS',
      `the file has mistakes\n${renderFindings(file, paint)}\n${summarizeFindings([file])}`,
      'mend the errors',
    );
  }
  return { deployment: narrow(choose(deployments, selection, source), selection), findings };
}

function choose(
  deployments: readonly Deployment[],
  selection: Selection,
  source: string,
): Deployment {
  const names = deployments.map((deployment) => deployment.name).join(', ');
  if (selection.deployment !== undefined) {
    const found = deployments.find((deployment) => deployment.name === selection.deployment);
    if (found !== undefined) return found;
    throw new CommandFailure(
      'DEPLOYMENT_UNKNOWN',
      `${source} holds no deployment ${selection.deployment}`,
      names === '' ? 'it holds none at all' : `it holds: ${names}`,
    );
  }
  const [only, ...more] = deployments;
  if (only === undefined) {
    throw new CommandFailure(
      'DEPLOYMENT_UNKNOWN',
      `${source} holds no SeldonDeployment`,
      'name a file that does',
    );
  }
  if (more.length > 0) {
    throw new CommandFailure(
      'DEPLOYMENT_AMBIGUOUS',
      `${source} holds several deployments: ${names}`,
      'choose one with --deployment NAME',
    );
  }
  return only;
}

function narrow(deployment: Deployment, selection: Selection): Deployment {
  if (selection.predictor === undefined) return deployment;
  const predictors = deployment.predictors.filter(
    (predictor) => predictor.name === selection.predictor,
  );
  const [only] = predictors;
  if (only !== undefined) {
    // Alone it serves everything, also a shadow.
    return { ...deployment, predictors: [{ ...only, traffic: 100, shadow: false }] };
  }
  throw new CommandFailure(
    'PREDICTOR_UNKNOWN',
    `the deployment ${deployment.name} has no predictor ${selection.predictor}`,
    `its predictors: ${deployment.predictors.map((predictor) => predictor.name).join(', ')}`,
  );
}
