// What a graph of stand-ins answers, computed from the manifest alone by a naive recursion: the rules of docs/crd.md's walk and of
// e2e/stand-in/arithmetic.ts. In: a SeldonDeployment and numbers; out: every response that is right, since canaries and A/B tests choose.
import { type JsonObject, objectAt, objectsAt, textAt } from '../../graph/plan/json-value.ts';
import { branchOf, merge, type Method, step, unitKey } from './arithmetic.ts';
import { protocolOf } from '../../testing/manifest-features.ts';

export type Vector = readonly number[];

export interface Expected {
  readonly predictor: string;
  /** One for each way through the graph that chance may choose. */
  readonly responses: readonly Vector[];
}

/** Of every predictor that clients are answered by. */
export function expectResponses(deployment: JsonObject, values: Vector): readonly Expected[] {
  const spec = objectAt(deployment, 'spec');
  const protocol = protocolOf(spec);
  return objectsAt(spec, 'predictors')
    .filter(({ shadow }) => shadow !== true)
    .map((predictor) => {
      const name = textAt(predictor, 'name');
      const graph = new Graph(name, protocol);
      return {
        predictor: name,
        responses: graph.responsesOf(objectAt(predictor, 'graph'), values),
      };
    });
}

/** Built-ins that may choose any of their children. */
const ANY_CHILD = ['RANDOM_ABTEST', 'EPSILON_GREEDY', 'THOMPSON_SAMPLING'];

class Graph {
  readonly #predictor: string;
  readonly #protocol: string;

  constructor(predictor: string, protocol: string) {
    this.#predictor = predictor;
    this.#protocol = protocol;
  }

  responsesOf(unit: JsonObject, values: Vector): readonly Vector[] {
    const type = textAt(unit, 'type') || 'MODEL';
    const children = objectsAt(unit, 'children');
    if (ANY_CHILD.includes(textAt(unit, 'implementation')))
      return children.flatMap((child) => this.responsesOf(child, values));
    const key = this.#keyOf(unit);
    switch (type) {
      case 'MODEL':
        return this.#below(children, this.#apply('predict', key, values));
      case 'TRANSFORMER':
        return this.#below(children, this.#apply('transform-input', key, values));
      case 'OUTPUT_TRANSFORMER':
        return this.#below(children, values).map((each) =>
          this.#apply('transform-output', key, each),
        );
      case 'ROUTER':
        return this.#below(children.slice(branchOf(values)), values);
      case 'COMBINER': {
        const lists = children.map((child) => this.responsesOf(child, values)[0] ?? []);
        return [merge(key, lists)];
      }
      default:
        throw new Error(`no rule for a unit of type ${type}`);
    }
  }

  /** Without a combiner the first child responses. */
  #below([child]: readonly JsonObject[], values: Vector): readonly Vector[] {
    return child === undefined ? [values] : this.responsesOf(child, values);
  }

  /** V2 and TensorFlow have one method for all. */
  #apply(method: Method, key: string, values: Vector): Vector {
    const called = this.#protocol === 'seldon' ? method : 'predict';
    return values.map((value) => step(called, key, value));
  }

  /** Behind Seldon's proxy the server of TensorFlow's protocol knows its model's name alone. */
  #keyOf(unit: JsonObject): string {
    const name = textAt(unit, 'name');
    if (textAt(unit, 'implementation') !== 'TENSORFLOW_SERVER' || this.#protocol !== 'seldon')
      return unitKey(this.#predictor, name);
    const parameter = objectsAt(unit, 'parameters').find((each) => each['name'] === 'model_name');
    return textAt(parameter ?? {}, 'value') || name;
  }
}
