// What a V2 unit is called with after another: its response with `outputs` under the name `inputs`, and all else as it was. Only
// the key is replaced, so that numbers, order and unknown members stay what they are. A response in binary asks for the next one in
// binary, as the client did.
import { areAbsent, endsObject, WORTH_SEARCHING_BYTES } from '../../lib/codecs/json/absent.ts';
import { JsonCursor } from '../../lib/codecs/json/cursor.ts';
import type { Span } from '../../lib/codecs/json/find.ts';
import { withoutNonFinite } from '../../lib/codecs/json/non-finite.ts';
import {
  type Edit,
  type Edits,
  growthOf,
  type Payload,
  type Unusable,
  JSON_TYPE,
} from '../payload.ts';
import { BINARY_TYPE, jsonBytes } from './layout.ts';

const INPUTS = Buffer.from('inputs');
const OUTPUTS = Buffer.from('outputs');
const PARAMETERS = Buffer.from('parameters');
const BINARY_OUTPUT = Buffer.from('binary_data_output');
const INPUTS_KEY = Buffer.from('"inputs"');
const DECIDING = [INPUTS_KEY, Buffer.from('"outputs"')];
const ASK_BINARY = '"binary_data_output":true';
const NOTHING = Buffer.alloc(0);

const NOT_CHAINABLE: Unusable = {
  code: 'ANSWER_NOT_CHAINABLE',
  info: 'Failed to convert kfserving response so it could be chained to new input: it has neither outputs nor inputs',
  position: 0,
};
const NOT_JSON: Unusable = {
  code: 'ANSWER_MALFORMED',
  info: 'Failed to convert kfserving response so it could be chained to new input: it is not a JSON object',
  position: 0,
};

interface Members {
  /** Keys with their quotes. */
  readonly inputs: Span | undefined;
  readonly outputs: Span | undefined;
  /** The value. */
  readonly parameters: Span | undefined;
}

/**
 * Of members of one name the last one counts. Behind the outputs of a large response the bytes are only searched for keys that would change
 * what it is: the unit that gets them reads the rest.
 */
function readMembers(json: Buffer, maySearch: boolean): Members | undefined {
  const cursor = new JsonCursor(json);
  if (!cursor.isObject) return undefined;
  let inputs: Span | undefined;
  let outputs: Span | undefined;
  let parameters: Span | undefined;
  cursor.enter();
  while (cursor.nextMember()) {
    const key = { start: cursor.keyStart, end: cursor.keyEnd };
    if (cursor.keyIs(INPUTS)) inputs = key;
    else if (cursor.keyIs(OUTPUTS)) {
      outputs = key;
      const isLarge = maySearch && json.length - cursor.at >= WORTH_SEARCHING_BYTES;
      if (isLarge && endsObject(json) && areAbsent(json, cursor.at, DECIDING)) {
        return { inputs, outputs, parameters };
      }
    } else if (cursor.keyIs(PARAMETERS)) parameters = cursor.value();
  }
  return cursor.isOver() ? { inputs, outputs, parameters } : undefined;
}

/** Puts `binary_data_output` into the object; undefined where it is there, or something else than an object. */
function askBinary(json: Buffer, parameters: Span | undefined, outputs: Span): Edit | undefined {
  if (parameters === undefined) {
    const by = Buffer.from(`"parameters":{${ASK_BINARY}},`);
    return { start: outputs.start, end: outputs.start, by };
  }
  const cursor = new JsonCursor(json, parameters.start, parameters.end);
  if (!cursor.isObject) {
    const isNull = json[parameters.start] === 0x6e;
    return isNull ? { ...parameters, by: Buffer.from(`{${ASK_BINARY}}`) } : undefined;
  }
  cursor.enter();
  const first = cursor.at;
  let isEmpty = true;
  while (cursor.nextMember()) {
    isEmpty = false;
    if (cursor.keyIs(BINARY_OUTPUT)) return undefined;
  }
  return { start: first, end: first, by: Buffer.from(isEmpty ? ASK_BINARY : `${ASK_BINARY},`) };
}

/** Undefined: the response is a request already. */
export function chainRest(payload: Payload): Edits | Unusable | undefined {
  const bytes = jsonBytes(payload);
  if (bytes === 'invalid') return NOT_JSON;
  let json = payload.body.subarray(0, bytes);
  let members = readMembers(json, payload.layout === undefined);
  if (members === undefined) {
    json = withoutNonFinite(json) ?? NOTHING;
    members = readMembers(json, false);
  }
  if (members === undefined) return NOT_JSON;
  if (members.inputs !== undefined) return undefined;
  const { outputs, parameters } = members;
  if (outputs === undefined) return NOT_CHAINABLE;
  const rename: Edit = { ...outputs, by: INPUTS_KEY };
  if (payload.layout === undefined) {
    return { edits: [rename], contentType: payload.contentType ?? JSON_TYPE, layout: undefined };
  }
  const ask = askBinary(json, parameters, outputs);
  const edits = ask === undefined ? [rename] : [ask, rename].sort((a, b) => a.start - b.start);
  const layout = String(bytes + growthOf(edits));
  return { edits, contentType: BINARY_TYPE, layout };
}
