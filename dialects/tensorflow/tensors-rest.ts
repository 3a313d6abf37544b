// The numbers of a TensorFlow response over REST: `predictions` (a list of values, or of objects by output name) or `outputs` (a value, or an
// object by output name). In: a body; out: each array of numbers as a tensor named by the way to it, with its span.
import { JsonCursor } from '../../lib/codecs/json/cursor.ts';
import type { Span } from '../../lib/codecs/json/find.ts';
import { withoutNonFinite } from '../../lib/codecs/json/non-finite.ts';
import { OPEN_OBJECT, skipSpace } from '../../lib/codecs/json/scan.ts';
import { readJsonNumbers } from '../tensors/json-numbers.ts';
import type { Tensor } from '../tensors/mean.ts';

const PREDICTIONS = Buffer.from('predictions');
const OUTPUTS = Buffer.from('outputs');

export interface RestTensor extends Tensor {
  readonly span: Span;
}

function isJsonObject(json: Buffer): boolean {
  const cursor = new JsonCursor(json);
  return cursor.isObject && cursor.isOver();
}

/** The body as it can be scanned, of the same length; undefined when it is no JSON object. */
export function scannable(body: Buffer): Buffer | undefined {
  if (isJsonObject(body)) return body;
  const replaced = withoutNonFinite(body);
  return replaced !== undefined && isJsonObject(replaced) ? replaced : undefined;
}

interface Result {
  readonly name: 'predictions' | 'outputs';
  readonly span: Span;
}

/** What a scannable response holds; of both the predictions. */
export function findResult(json: Buffer): Result | undefined {
  const cursor = new JsonCursor(json);
  let predictions: Span | undefined;
  let outputs: Span | undefined;
  cursor.enter();
  while (cursor.nextMember()) {
    if (cursor.keyIs(PREDICTIONS)) predictions = cursor.value();
    else if (cursor.keyIs(OUTPUTS)) outputs = cursor.value();
  }
  if (predictions !== undefined) return { name: 'predictions', span: predictions };
  return outputs === undefined ? undefined : { name: 'outputs', span: outputs };
}

/** The spans of arrays of numbers, by the way to them. */
function collect(cursor: JsonCursor, way: string, found: Map<string, Span>): void {
  if (cursor.isObject) {
    cursor.enter();
    while (cursor.nextMember()) collect(cursor, `${way}.${cursor.key()}`, found);
    return;
  }
  const { bytes, at, end } = cursor;
  const inside = skipSpace(bytes, at + 1, end);
  if (cursor.isArray && inside < end && bytes[inside] === OPEN_OBJECT) {
    cursor.enter();
    for (let i = 0; cursor.nextElement(); i++) collect(cursor, `${way}[${i}]`, found);
    return;
  }
  const span = cursor.value();
  if (span !== undefined) found.set(way, span);
}

/** All numbers of a response, or what is wrong with them. */
export function readTensors(body: Buffer): RestTensor[] | string {
  const json = scannable(body);
  if (json === undefined) return 'the response is not valid JSON';
  const result = findResult(json);
  if (result === undefined) return 'the response holds neither predictions nor outputs';
  const spans = new Map<string, Span>();
  collect(new JsonCursor(json, result.span.start, result.span.end), result.name, spans);
  const tensors: RestTensor[] = [];
  for (const [name, span] of spans) {
    const numbers = readJsonNumbers(body, span);
    if (numbers === undefined) return `${name} is no regular array of numbers`;
    tensors.push({ name, datatype: undefined, ...numbers, span });
  }
  return tensors;
}
