// What a TensorFlow unit is called with after another: its response with `predictions` under the name `instances` (row format), or
// `outputs` under `inputs` (column format). Only the key is replaced. Seldon's executor knows the row format alone.
import { areAbsent, endsObject, WORTH_SEARCHING_BYTES } from '../../lib/codecs/json/absent.ts';
import { JsonCursor } from '../../lib/codecs/json/cursor.ts';
import type { Span } from '../../lib/codecs/json/find.ts';
import { withoutNonFinite } from '../../lib/codecs/json/non-finite.ts';
import { type Edit, type Edits, type Payload, type Unusable, JSON_TYPE } from '../payload.ts';

const INSTANCES = Buffer.from('instances');
const INPUTS = Buffer.from('inputs');
const PREDICTIONS = Buffer.from('predictions');
const OUTPUTS = Buffer.from('outputs');
const INSTANCES_KEY = Buffer.from('"instances"');
const INPUTS_KEY = Buffer.from('"inputs"');
const DECIDING = [
  INSTANCES_KEY,
  INPUTS_KEY,
  ...['"predictions"', '"outputs"'].map((key) => Buffer.from(key)),
];
const NOTHING = Buffer.alloc(0);

const FAILED = 'Failed to convert tensorflow response so it could be chained to new input';
const NOT_CHAINABLE: Unusable = {
  code: 'ANSWER_NOT_CHAINABLE',
  info: `${FAILED}: it has neither predictions nor outputs`,
  position: 0,
};
const NOT_JSON: Unusable = {
  code: 'ANSWER_MALFORMED',
  info: `${FAILED}: it is not a JSON object`,
  position: 0,
};

interface Members {
  readonly isRequest: boolean;
  /** Keys with their quotes; of members of one name the last one. */
  readonly predictions: Span | undefined;
  readonly outputs: Span | undefined;
}

/**
 * Behind the predictions of a large response the bytes are only searched for keys that would change what it is: the unit that gets them reads
 * the rest.
 */
function readMembers(json: Buffer): Members | undefined {
  const cursor = new JsonCursor(json);
  if (!cursor.isObject) return undefined;
  let isRequest = false;
  let predictions: Span | undefined;
  let outputs: Span | undefined;
  cursor.enter();
  while (cursor.nextMember()) {
    const key = { start: cursor.keyStart, end: cursor.keyEnd };
    if (cursor.keyIs(PREDICTIONS)) predictions = key;
    else if (cursor.keyIs(OUTPUTS)) outputs = key;
    else {
      if (cursor.keyIs(INSTANCES) || cursor.keyIs(INPUTS)) isRequest = true;
      continue;
    }
    const isLarge = json.length - cursor.at >= WORTH_SEARCHING_BYTES;
    if (isLarge && endsObject(json) && areAbsent(json, cursor.at, DECIDING)) {
      return { isRequest, predictions, outputs };
    }
  }
  return cursor.isOver() ? { isRequest, predictions, outputs } : undefined;
}

/** Undefined: the response is a request already. */
export function chainRest({ body, contentType }: Payload): Edits | Unusable | undefined {
  const members = readMembers(body) ?? readMembers(withoutNonFinite(body) ?? NOTHING);
  if (members === undefined) return NOT_JSON;
  if (members.isRequest) return undefined;
  const { predictions, outputs } = members;
  let rename: Edit;
  if (predictions !== undefined) rename = { ...predictions, by: INSTANCES_KEY };
  else if (outputs !== undefined) rename = { ...outputs, by: INPUTS_KEY };
  else return NOT_CHAINABLE;
  return { edits: [rename], contentType: contentType ?? JSON_TYPE, layout: undefined };
}
