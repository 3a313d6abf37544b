// What a stored object says, whether the checks would take it or not: for those who look at the objects of others and judge none of
// them (which names are taken, who gets which requests). Nothing is checked, defaulted or told: what cannot be read counts as absent,
// as where a deployment is read whole (read-deployment.ts), at a fraction of the work and of the code.
import { MANIFEST_LIMITS } from '../plan/limits.ts';
import { type JsonObject, isPlainObject, objectAt } from '../plan/json-value.ts';

type Texts = Readonly<Record<string, string>>;

export interface StoredDeployment {
  readonly protocol: string;
  readonly metadataAnnotations: Texts;
  readonly annotations: Texts;
  readonly predictors: readonly StoredPredictor[];
  /** Paths of annotations that have more characters together than can be used, and count as none. */
  readonly tooLong: readonly string[];
}

/** What of a predictor concerns others than its pods: its names, its share, where it leads to. */
export interface StoredPredictor {
  readonly path: string;
  readonly name: string;
  readonly traffic: number | undefined;
  readonly shadow: boolean;
  readonly annotations: Texts;
  /** As it stands; `listStoredUnits` reads it. */
  readonly graph: JsonObject | undefined;
  readonly explainer: { readonly path: string } | undefined;
  /** `ssl.certSecretName`, '' for none. */
  readonly certificate: string;
}

export interface StoredUnit {
  readonly path: string;
  readonly name: string;
  readonly type: string | undefined;
  readonly implementation: string | undefined;
  readonly methods: readonly string[];
}

const INT32_MAX = 2_147_483_647;
const { maxAnnotationsLength, maxGraphDepth, maxPredictors, maxUnits, maxWordLength } =
  MANIFEST_LIMITS;

/** Never throws, and reads within the bounds of a manifest however large or deep the object is. Undefined for one without a spec. */
export function readStored(object: JsonObject): StoredDeployment | undefined {
  const { spec } = object;
  if (!isPlainObject(spec)) return undefined;
  const tooLong: string[] = [];
  return {
    protocol: wordAt(spec, 'protocol'),
    metadataAnnotations: annotationsOf(objectAt(object, 'metadata'), 'metadata', tooLong),
    annotations: annotationsOf(spec, 'spec', tooLong),
    predictors: listOf(spec['predictors'])
      .slice(0, maxPredictors)
      .flatMap((each, at) =>
        isPlainObject(each) ? [readPredictor(each, `spec.predictors[${at}]`, tooLong)] : [],
      ),
    tooLong,
  };
}

function readPredictor(raw: JsonObject, path: string, tooLong: string[]): StoredPredictor {
  const { traffic, graph } = raw;
  return {
    path,
    name: wordAt(raw, 'name'),
    traffic:
      Number.isInteger(traffic) && Math.abs(traffic as number) <= INT32_MAX
        ? (traffic as number)
        : undefined,
    shadow: raw['shadow'] === true,
    annotations: annotationsOf(raw, path, tooLong),
    graph: isPlainObject(graph) ? graph : undefined,
    // As for Seldon's operator one without a type is none.
    explainer:
      wordAt(objectAt(raw, 'explainer'), 'type') === '' ? undefined : { path: `${path}.explainer` },
    certificate: wordAt(objectAt(raw, 'ssl'), 'certSecretName'),
  };
}

/** In pre-order. */
export function listStoredUnits({ path, graph }: StoredPredictor): readonly StoredUnit[] {
  const units: StoredUnit[] = [];
  const budget = { units: maxUnits };
  if (graph !== undefined) addUnits(graph, `${path}.graph`, 1, budget, units);
  return units;
}

function addUnits(
  raw: unknown,
  path: string,
  depth: number,
  budget: { units: number },
  units: StoredUnit[],
): void {
  budget.units -= 1;
  if (budget.units < 0 || depth > maxGraphDepth || !isPlainObject(raw)) return;
  units.push({
    path,
    name: wordAt(raw, 'name'),
    type: wordAt(raw, 'type') || undefined,
    implementation: wordAt(raw, 'implementation') || undefined,
    methods: listOf(raw['methods']).flatMap((each) =>
      typeof each === 'string' ? [each.slice(0, maxWordLength)] : [],
    ),
  });
  const { children } = raw;
  // A list or, as in old articles, a single object.
  if (isPlainObject(children)) addUnits(children, `${path}.children`, depth + 1, budget, units);
  else
    listOf(children).forEach((child, at) => {
      addUnits(child, `${path}.children[${at}]`, depth + 1, budget, units);
    });
}

function annotationsOf(owner: JsonObject, path: string, tooLong: string[]): Texts {
  const { annotations } = owner;
  const texts: Record<string, string> = {};
  if (!isPlainObject(annotations)) return texts;
  let length = 0;
  for (const key of Object.keys(annotations)) {
    const value = annotations[key];
    length += key.length;
    if (typeof value === 'string') {
      length += value.length;
      texts[key] = value;
    }
    if (length <= maxAnnotationsLength) continue;
    tooLong.push(`${path}.annotations`);
    return {};
  }
  return texts;
}

/** A short string: a name, a type, a mode; '' where it is none. */
function wordAt(owner: JsonObject, field: string): string {
  const value = owner[field];
  return typeof value === 'string' && value.length <= maxWordLength ? value : '';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
