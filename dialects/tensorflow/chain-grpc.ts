// What a TensorFlow unit is called with over gRPC: the client's own request, or the response of the unit before with its outputs as
// inputs. Tensors stay where they are: of each entry the tag is replaced, and the model that answered by the one that is called.
import { BYTES, FieldReader } from '../../lib/codecs/protobuf/reader.ts';
import { bytesField, bytesHead, stringField } from '../../lib/codecs/protobuf/writer.ts';
import type { Edit, Edits, Payload, Unusable } from '../payload.ts';
import { MODEL_SPEC, PREDICT_REQUEST, PREDICT_RESPONSE } from './fields.ts';

const NOTHING = Buffer.alloc(0);
const NO_PROTOBUF: Unusable = {
  code: 'ANSWER_NOT_CHAINABLE',
  info: 'Failed to convert tensorflow response so it could be chained to new input: it is no protobuf message',
  position: 0,
};

function nameInSpec(spec: FieldReader): string {
  let name = '';
  while (spec.next()) {
    if (spec.field === MODEL_SPEC.name && spec.wire === BYTES) {
      name = spec.bytes.toString('utf8', spec.start, spec.end);
    }
  }
  return name;
}

/** The model that a request names in its `model_spec`, '' for none. */
export function modelInRequest({ body }: Payload): string {
  const reader = new FieldReader(body);
  let name = '';
  while (reader.next()) {
    if (reader.field === PREDICT_REQUEST.modelSpec && reader.wire === BYTES) {
      // Parts of one message that come apart are joined, field by field.
      name = nameInSpec(reader.inner()) || name;
    }
  }
  return reader.broken ? '' : name;
}

function grpcEdits(edits: readonly Edit[]): Edits {
  return { edits, contentType: undefined, layout: undefined };
}

function modelSpec(model: string, ...more: readonly Buffer[]): Buffer {
  return bytesField(PREDICT_REQUEST.modelSpec, stringField(MODEL_SPEC.name, model), ...more);
}

/** What a request says of the model besides name and version. */
function signatureIn(spec: FieldReader): Buffer[] {
  const kept: Buffer[] = [];
  while (spec.next()) {
    const { field } = spec;
    const isOfModel =
      field === MODEL_SPEC.name ||
      field === MODEL_SPEC.version ||
      field === MODEL_SPEC.versionLabel;
    if (!isOfModel) kept.push(spec.bytes.subarray(spec.tagStart, spec.end));
  }
  return kept;
}

/**
 * A client's request for a unit: undefined where it names that unit or none, as Seldon's executor leaves it, or is no request.
 * A version is one of the model that was named; the signature stays.
 */
export function nameRequest(payload: Payload, model: string): Edits | undefined {
  const named = modelInRequest(payload);
  if (named === '' || named === model) return undefined;
  const edits: Edit[] = [];
  const signature: Buffer[] = [];
  const reader = new FieldReader(payload.body);
  while (reader.next()) {
    if (reader.field !== PREDICT_REQUEST.modelSpec || reader.wire !== BYTES) continue;
    signature.push(...signatureIn(reader.inner()));
    edits.push({ start: reader.tagStart, end: reader.end, by: NOTHING });
  }
  if (reader.broken) return undefined;
  return grpcEdits([{ start: 0, end: 0, by: modelSpec(model, ...signature) }, ...edits]);
}

/** A response as the next unit's request; its version and signature were the answering model's own, and go. */
export function chainGrpc({ body }: Payload, model: string): Edits | Unusable {
  const edits: Edit[] = [{ start: 0, end: 0, by: modelSpec(model) }];
  const reader = new FieldReader(body);
  while (reader.next()) {
    const { field, tagStart, start, end, wire } = reader;
    if (field === PREDICT_RESPONSE.outputs && wire === BYTES) {
      edits.push({
        start: tagStart,
        end: start,
        by: bytesHead(PREDICT_REQUEST.inputs, end - start),
      });
    } else if (field === PREDICT_RESPONSE.modelSpec) {
      edits.push({ start: tagStart, end, by: NOTHING });
    }
  }
  return reader.broken ? NO_PROTOBUF : grpcEdits(edits);
}

/** A client's own request as the graph's response, where no unit was called: its inputs as outputs. */
export function answerWithRequest({ body }: Payload): Edits | undefined {
  const edits: Edit[] = [];
  const reader = new FieldReader(body);
  while (reader.next()) {
    const { field, tagStart, start, end, wire } = reader;
    let by: Buffer = NOTHING;
    if (wire === BYTES && field === PREDICT_REQUEST.inputs) {
      by = bytesHead(PREDICT_RESPONSE.outputs, end - start);
    } else if (wire === BYTES && field === PREDICT_REQUEST.modelSpec) {
      by = bytesHead(PREDICT_RESPONSE.modelSpec, end - start);
    }
    edits.push({ start: tagStart, end: by.length > 0 ? start : end, by });
  }
  return reader.broken ? undefined : grpcEdits(edits);
}
