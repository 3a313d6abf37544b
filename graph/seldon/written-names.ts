// The names in a deployment as it was written, for whoever names its parts from outside (a command line). They are known of a
// deployment with errors too, so that a misspelt name is reported together with what seems to follow from it.
import { listWrittenUnits } from './written.ts';
import type { WrittenDeployment } from './written.ts';

export interface WrittenNames {
  readonly deployment: string;
  readonly predictors: readonly PredictorNames[];
}

export interface PredictorNames {
  readonly name: string;
  /** In pre-order; undefined where the graph could not be read, which a finding says. */
  readonly units: readonly string[] | undefined;
  readonly hasExplainer: boolean;
}

export function namesIn({ name, predictors }: WrittenDeployment): WrittenNames {
  return {
    deployment: name,
    predictors: predictors.map(({ name: predictor, graph, explainer }) => ({
      name: predictor,
      units: graph && listWrittenUnits(graph).map((unit) => unit.name),
      hasExplainer: explainer !== undefined,
    })),
  };
}
