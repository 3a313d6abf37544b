// What a V2 unit is called with over gRPC: the client's own request under the unit's name, or the response of the unit before with
// its outputs as inputs. Tensors and raw contents stay where they are: only names, and the tag of raw contents, are replaced.
import { BYTES, FieldReader } from '../../lib/codecs/protobuf/reader.ts';
import { bytesField, bytesHead, stringField } from '../../lib/codecs/protobuf/writer.ts';
import type { Edit, Edits, Payload, Unusable } from '../payload.ts';
import { INFER, REQUEST, RESPONSE, TENSOR } from './fields.ts';

const NOTHING = Buffer.alloc(0);
const NO_PROTOBUF: Unusable = {
  code: 'ANSWER_NOT_CHAINABLE',
  info: 'Failed to convert kfserving response so it could be chained to new input: it is no protobuf message',
  position: 0,
};

/** The model that a request names, '' for none. */
export function modelInRequest({ body }: Payload): string {
  const reader = new FieldReader(body);
  let name = '';
  while (reader.next()) {
    if (reader.field === INFER.modelName && reader.wire === BYTES) {
      name = body.toString('utf8', reader.start, reader.end);
    }
  }
  return reader.broken ? '' : name;
}

/** The field under another number; its payload stays. */
function renumber({ tagStart, start, end }: FieldReader, field: number): Edit {
  return { start: tagStart, end: start, by: bytesHead(field, end - start) };
}

function grpcEdits(edits: readonly Edit[]): Edits {
  return { edits, contentType: undefined, layout: undefined };
}

/** A client's request for a unit: undefined where it names that unit already, or is none. A version is one of the model that was named. */
export function nameRequest(payload: Payload, model: string): Edits | undefined {
  const named = modelInRequest(payload);
  if (named === model) return undefined;
  const edits: Edit[] = [{ start: 0, end: 0, by: stringField(INFER.modelName, model) }];
  const reader = new FieldReader(payload.body);
  while (reader.next()) {
    const isName = reader.field === INFER.modelName;
    const isVersion = reader.field === INFER.modelVersion && named !== '';
    if (isName || isVersion) edits.push({ start: reader.tagStart, end: reader.end, by: NOTHING });
  }
  return reader.broken ? undefined : grpcEdits(edits);
}

/** Takes empty `contents` out of a tensor whose numbers are raw: some servers write them, others refuse them. */
function dropEmptyContents(tensor: FieldReader): Edit | undefined {
  const inner = tensor.inner();
  let isEmpty = false;
  const kept: Buffer[] = [];
  while (inner.next()) {
    if (inner.field === TENSOR.contents && inner.start === inner.end) isEmpty = true;
    else kept.push(inner.bytes.subarray(inner.tagStart, inner.end));
  }
  if (inner.broken || !isEmpty) return undefined;
  return { start: tensor.tagStart, end: tensor.end, by: bytesField(REQUEST.inputs, ...kept) };
}

function hasRaw(body: Buffer): boolean {
  const reader = new FieldReader(body);
  while (reader.next()) if (reader.field === RESPONSE.raw) return true;
  return false;
}

/** A response as the next unit's request. The version was the answering model's own, and goes. */
export function chainGrpc({ body }: Payload, model: string): Edits | Unusable {
  const isRaw = hasRaw(body);
  const edits: Edit[] = [{ start: 0, end: 0, by: stringField(INFER.modelName, model) }];
  const reader = new FieldReader(body);
  while (reader.next()) {
    const { field, tagStart, end } = reader;
    if (field === INFER.modelName || field === INFER.modelVersion) {
      edits.push({ start: tagStart, end, by: NOTHING });
    } else if (field === RESPONSE.raw && reader.wire === BYTES) {
      edits.push(renumber(reader, REQUEST.raw));
    } else if (field === RESPONSE.outputs && reader.wire === BYTES && isRaw) {
      const edit = dropEmptyContents(reader);
      if (edit !== undefined) edits.push(edit);
    }
  }
  return reader.broken ? NO_PROTOBUF : grpcEdits(edits);
}

/** A client's own request as the graph's response, where no unit was called: its inputs as outputs. */
export function answerWithRequest({ body }: Payload): Edits | undefined {
  const edits: Edit[] = [];
  const reader = new FieldReader(body);
  while (reader.next()) {
    const { field, tagStart, end } = reader;
    if (field === REQUEST.outputs) edits.push({ start: tagStart, end, by: NOTHING });
    else if (field === REQUEST.raw && reader.wire === BYTES) {
      edits.push(renumber(reader, RESPONSE.raw));
    }
  }
  return reader.broken ? undefined : grpcEdits(edits);
}
