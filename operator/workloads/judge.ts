// What a cluster would say of a deployment that the checks of the graph take: where its pods and names do not go with the
// sidecars. `sidegraph check`, admission and the operator all ask here, so that they say the same.
import { annotationsOf } from '../../graph/seldon/annotations.ts';
import type { Judge } from '../../graph/seldon/load-deployments.ts';
import { boundSettings } from './sidecar/bounds.ts';
import type { SidecarDefaults } from '../config/defaults.ts';
import type { OperatorConfig } from '../config/workload-config.ts';
import { placePredictors } from './place-predictors.ts';
import { warnOptions, warnPlacement } from './warnings.ts';

/** `options` are those of a cluster; without them nobody knows what is off. */
export function judgeWorkloads(
  sidecar: SidecarDefaults,
  options?: Pick<OperatorConfig, 'keda'>,
): Judge {
  return (deployment, sink) => {
    const placed = placePredictors(deployment);
    warnPlacement(deployment, placed, sink);
    if (options !== undefined) warnOptions(placed, options, sink);
    const told = new Set<string>();
    for (const { predictor, engine } of placed) {
      if (!engine) continue;
      const annotations = annotationsOf(deployment, predictor);
      const { findings } = boundSettings(
        annotations,
        sidecar,
        `${deployment.path}spec.annotations`,
        deployment.source,
      );
      for (const { code, path, message, advice } of findings) {
        if (told.has(path + message)) continue;
        told.add(path + message);
        sink.add(code, path, message, advice);
      }
    }
  };
}
