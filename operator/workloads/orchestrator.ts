// What Seldon gives the container of its orchestrator, for the sidecar that does its work: `svcOrchSpec` and the annotations
// `seldon.io/engine-<x>`. Variables that the plan holds already are left out, so that changing them rolls no pods.
import type { Deployment, Orchestrator, Predictor } from '../../graph/plan/deployment.ts';
import { type JsonObject, textAt } from '../../graph/plan/json-value.ts';
import { SELDON_ANNOTATIONS, ENGINE_PREFIX } from '../../graph/seldon/annotation-names.ts';
import { engineVariable } from '../../graph/seldon/seldon-annotations.ts';

/** Compiled into the plan's policy. */
const IN_PLAN = ['SELDON_ENABLE_ROUTING_INJECTION', 'CORS_ALLOWED_ORIGINS', 'CORS_ALLOWED_HEADERS'];

export function orchestratorOf(
  deployment: Deployment,
  { orchestrator }: Predictor,
): Pick<Orchestrator, 'env' | 'resources'> {
  const variables = new Map<string, JsonObject>();
  for (const [name, value] of Object.entries(deployment.specAnnotations).sort(([a], [b]) =>
    a < b ? -1 : 1,
  )) {
    if (!name.startsWith(ENGINE_PREFIX) || name === SELDON_ANNOTATIONS.separatePod) continue;
    const variable = engineVariable(name);
    variables.set(variable, { name: variable, value });
  }
  for (const entry of orchestrator.env) variables.set(textAt(entry, 'name'), entry);
  for (const name of IN_PLAN) variables.delete(name);
  return { env: [...variables.values()], resources: orchestrator.resources };
}
