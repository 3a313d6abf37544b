// The names of the fields of a SeldonDeployment, by where they stand: what is not among them gets a warning. They are those of the
// schema by which the API server prunes objects, so that a field that is kept there is known here.
import { DEPLOYMENT_SCHEMA } from '../crd/deployment.ts';
import type { SchemaNode } from '../crd/schema.ts';

/** `metadata` is the API server's own, and in no schema. */
export const DEPLOYMENT_FIELDS = [...fieldsAt(), 'metadata'];
export const SPEC_FIELDS = fieldsAt('spec');
export const PREDICTOR_FIELDS = fieldsAt('spec', 'predictors');
export const ORCHESTRATOR_FIELDS = fieldsAt('spec', 'predictors', 'svcOrchSpec');
export const COMPONENT_FIELDS = fieldsAt('spec', 'predictors', 'componentSpecs');
export const EXPLAINER_FIELDS = fieldsAt('spec', 'predictors', 'explainer');
export const SSL_FIELDS = fieldsAt('spec', 'predictors', 'ssl');
export const UNIT_FIELDS = fieldsAt('spec', 'predictors', 'graph');
export const ENDPOINT_FIELDS = fieldsAt('spec', 'predictors', 'graph', 'endpoint');
export const PARAMETER_FIELDS = fieldsAt('spec', 'predictors', 'graph', 'parameters');
export const LOGGER_FIELDS = fieldsAt('spec', 'predictors', 'graph', 'logger');

/** The fields of the object at a path of names; of a list, those of its items. */
function fieldsAt(...path: readonly string[]): readonly string[] {
  let node: SchemaNode | undefined = DEPLOYMENT_SCHEMA.node;
  for (const name of path) {
    node = node?.kind === 'object' ? node.fields[name] : undefined;
    if (node?.kind === 'list') node = node.items;
  }
  if (node?.kind !== 'object') throw new Error(`the schema has no object ${path.join('.')}`);
  return Object.keys(node.fields);
}
