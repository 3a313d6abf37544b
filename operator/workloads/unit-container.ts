// A unit's container before it is rendered: where it is placed, what the user wrote of it, and how it gets its model.
import type { Deployment, Predictor } from '../../graph/plan/deployment.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { PlacedContainer } from './place-predictors.ts';

export interface UnitContainer {
  readonly deployment: Deployment;
  readonly predictor: Predictor;
  readonly placed: PlacedContainer;
  /** As written; {} for a prepackaged server that the user wrote no container for. */
  readonly raw: JsonObject;
  /** What it mounts of the model: nothing where another container loads it. */
  readonly mounts: readonly JsonObject[];
  /** Of the spec. */
  readonly annotations: Readonly<Record<string, string>>;
}
