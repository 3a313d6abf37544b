// AVERAGE_COMBINER over gRPC: tensors and ndarrays. The mean takes the place of the data in the first message, whose
// other fields stay as they are.
import { fieldsWithout } from '../../lib/codecs/protobuf/oneof.ts';
import { bytesField } from '../../lib/codecs/protobuf/writer.ts';
import { flatten, meanOf, type NumberArray } from './average.ts';
import { type Unusable, unmergeable } from '../payload.ts';
import { DATA, MESSAGE, TENSOR } from './fields.ts';
import {
  type ArrayData,
  readArrayData,
  readDoubles,
  readInts,
  readList,
  writeDoubles,
  writeList,
} from './numbers-proto.ts';
import { sizeOf } from '../shape.ts';

interface ProtoArray extends NumberArray {
  readonly source: ArrayData;
}

function readArray(body: Buffer): ProtoArray | string {
  const source = readArrayData(body);
  if (source === 'broken') return 'the response is no protobuf message';
  if (source === 'absent') return 'the response holds no data';
  if (source.field === DATA.ndarray) {
    const list = readList(source.payload);
    const flat = list === undefined ? undefined : flatten(list);
    return flat === undefined
      ? 'data.ndarray is no regular array of numbers'
      : { shape: flat.shape, values: flat.values, source };
  }
  if (source.field !== DATA.tensor) return 'the data is neither ndarray nor tensor';
  const values = readDoubles(source.payload, TENSOR.values);
  const shape = readInts(source.payload, TENSOR.shape);
  if (values === undefined || shape === undefined) return 'data.tensor cannot be read';
  if (shape.length === 0) return { shape: [values.length], values, source };
  if (sizeOf(shape) !== values.length) return 'data.tensor.shape does not fit the values';
  return { shape, values, source };
}

/** The numbers of each message once, the first message's some more as it is written from the inside out. */
export function averageProtoBytes(bodies: readonly Buffer[]): number {
  return bodies.reduce((sum, body) => sum + body.length, 4 * (bodies[0]?.length ?? 0));
}

export function averageProto(bodies: readonly Buffer[]): Buffer | Unusable {
  const arrays: ProtoArray[] = [];
  for (const [position, body] of bodies.entries()) {
    const array = readArray(body);
    if (typeof array === 'string') return unmergeable(array, position);
    arrays.push(array);
  }
  const mean = meanOf(arrays);
  if ('code' in mean) return mean;
  const first = arrays[0] as ProtoArray;
  const { field, payload, data } = first.source;
  const array =
    field === DATA.tensor
      ? [...fieldsWithout(payload, [TENSOR.values]), writeDoubles(TENSOR.values, mean)]
      : [writeList(first.shape, mean)];
  const written = [
    ...fieldsWithout(data, [DATA.tensor, DATA.ndarray, DATA.tftensor]),
    bytesField(field, ...array),
  ];
  return Buffer.concat([
    ...fieldsWithout(bodies[0] as Buffer, [MESSAGE.data]),
    bytesField(MESSAGE.data, ...written),
  ]);
}
