// Every way in which a tensor is written in a message, and how what came of it is read again, with protobufjs and JSON alone: nothing of the
// dialects' own code. Elements that are read are numbers, big integers and booleans, or their texts where the message has text.
import type { DialectName, Transport } from '../../graph/plan/plan.ts';
import type { Payload } from '../payload.ts';
import { DATATYPE_BYTES, type Datatype } from '../tensors/datatypes.ts';
import type { Numpy, TensorCase } from '../tensors/testing/numpy.ts';
import { binary, grpc, rest } from './payloads.ts';
import { SELDON_SCHEMA, TENSORFLOW_SCHEMA, V2_SCHEMA } from './schemas.ts';

export type Element = number | bigint | boolean | string;

export interface Encoding {
  readonly name: string;
  readonly dialect: DialectName;
  readonly transport: Transport;
  /** A unit's response with the tensor; undefined where the encoding has no place for its datatype. */
  write(tensor: TensorCase, numpy: Numpy): Payload | undefined;
}

interface Typed {
  readonly v2: string | undefined;
  readonly tensorflow: string;
  /** Number of the type in TensorFlow. */
  readonly dtype: number;
}

const TYPED: Readonly<Record<Datatype, Typed>> = {
  BOOL: { v2: 'bool_contents', tensorflow: 'bool_val', dtype: 10 },
  UINT8: { v2: 'uint_contents', tensorflow: 'int_val', dtype: 4 },
  UINT16: { v2: 'uint_contents', tensorflow: 'int_val', dtype: 17 },
  UINT32: { v2: 'uint_contents', tensorflow: 'uint32_val', dtype: 22 },
  UINT64: { v2: 'uint64_contents', tensorflow: 'uint64_val', dtype: 23 },
  INT8: { v2: 'int_contents', tensorflow: 'int_val', dtype: 6 },
  INT16: { v2: 'int_contents', tensorflow: 'int_val', dtype: 5 },
  INT32: { v2: 'int_contents', tensorflow: 'int_val', dtype: 3 },
  INT64: { v2: 'int64_contents', tensorflow: 'int64_val', dtype: 9 },
  FP16: { v2: undefined, tensorflow: 'half_val', dtype: 19 },
  BF16: { v2: undefined, tensorflow: 'half_val', dtype: 14 },
  FP32: { v2: 'fp32_contents', tensorflow: 'float_val', dtype: 1 },
  FP64: { v2: 'fp64_contents', tensorflow: 'double_val', dtype: 2 },
};
const isBits = (datatype: Datatype): boolean => datatype === 'FP16' || datatype === 'BF16';
const DATATYPE_OF = new Map(
  Object.entries(TYPED).map(([datatype, { dtype }]) => [dtype, datatype as Datatype]),
);

/** The elements of little-endian bytes; of sixteen-bit floats what numpy says that they are. */
export function elementsOf(datatype: Datatype, bytes: Buffer, numpy: Numpy): Element[] {
  const size = DATATYPE_BYTES[datatype];
  return Array.from({ length: bytes.length / size }, (_, index) => {
    const at = index * size;
    switch (datatype) {
      case 'BOOL':
        return bytes[at] === 1;
      case 'FP16':
        return numpy.fp16.readDoubleLE(8 * bytes.readUInt16LE(at));
      case 'BF16':
        return numpy.bf16.readDoubleLE(8 * bytes.readUInt16LE(at));
      case 'FP32':
        return bytes.readFloatLE(at);
      case 'FP64':
        return bytes.readDoubleLE(at);
      case 'INT64':
        return bytes.readBigInt64LE(at);
      case 'UINT64':
        return bytes.readBigUInt64LE(at);
      case 'INT8':
      case 'INT16':
      case 'INT32':
        return BigInt(bytes.readIntLE(at, size));
      case 'UINT8':
      case 'UINT16':
      case 'UINT32':
        return BigInt(bytes.readUIntLE(at, size));
    }
  });
}

/** As the fields of a protobuf message take them. */
function typedValues({ datatype, bytes }: TensorCase, numpy: Numpy): unknown[] {
  if (isBits(datatype))
    return Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readUInt16LE(2 * at));
  const values = elementsOf(datatype, bytes, numpy);
  return values.map((value) => (typeof value === 'bigint' ? String(value) : value));
}

function v2Json({ datatype, shape }: TensorCase, data: string): string {
  return `{"outputs":[{"name":"o","datatype":"${datatype}","shape":${JSON.stringify(shape)},${data}}]}`;
}

function v2Response({ datatype, shape }: TensorCase, contents: object, raw?: Buffer): Payload {
  const output = { name: 'o', datatype, shape: [...shape], ...contents };
  const message = { outputs: [output], ...(raw && { raw_output_contents: [raw] }) };
  return grpc(V2_SCHEMA.write('Response', message));
}

function tensorflowResponse({ datatype, shape }: TensorCase, content: object): Payload {
  const dim = shape.map((size) => ({ size }));
  const tensor = { dtype: TYPED[datatype].dtype, tensor_shape: { dim }, ...content };
  return grpc(TENSORFLOW_SCHEMA.write('PredictResponse', { outputs: { o: tensor } }));
}

const doublesOf = (tensor: TensorCase, numpy: Numpy): number[] =>
  elementsOf(tensor.datatype, tensor.bytes, numpy).map(Number);

export const ENCODINGS: readonly Encoding[] = [
  {
    name: 'Seldon ndarray',
    dialect: 'seldon',
    transport: 'rest',
    write: ({ nested }) => rest(`{"data":{"ndarray":${nested}}}`),
  },
  {
    name: 'Seldon tensor',
    dialect: 'seldon',
    transport: 'rest',
    write: ({ datatype, shape, flat }) =>
      datatype === 'BOOL'
        ? undefined
        : rest(`{"data":{"tensor":{"shape":${JSON.stringify(shape)},"values":${flat}}}}`),
  },
  {
    name: 'V2 JSON',
    dialect: 'v2',
    transport: 'rest',
    write: (tensor) => rest(v2Json(tensor, `"data":${tensor.flat}`)),
  },
  {
    name: 'V2 nested JSON',
    dialect: 'v2',
    transport: 'rest',
    write: (tensor) => rest(v2Json(tensor, `"data":${tensor.nested}`)),
  },
  {
    name: 'V2 binary',
    dialect: 'v2',
    transport: 'rest',
    write: (tensor) => {
      const size = `"parameters":{"binary_data_size":${tensor.bytes.length}}`;
      return binary(v2Json(tensor, size), tensor.bytes);
    },
  },
  {
    name: 'TensorFlow predictions',
    dialect: 'tensorflow',
    transport: 'rest',
    write: ({ nested }) => rest(`{"predictions":${nested}}`),
  },
  {
    name: 'TensorFlow outputs',
    dialect: 'tensorflow',
    transport: 'rest',
    write: ({ nested }) => rest(`{"outputs":${nested}}`),
  },
  {
    name: 'Seldon tensor message',
    dialect: 'seldon',
    transport: 'grpc',
    write: (tensor, numpy) => {
      const values = doublesOf(tensor, numpy);
      const data = { tensor: { shape: [...tensor.shape], values } };
      return grpc(SELDON_SCHEMA.write('Message', { data }));
    },
  },
  {
    name: 'V2 typed',
    dialect: 'v2',
    transport: 'grpc',
    write: (tensor, numpy) => {
      const field = TYPED[tensor.datatype].v2;
      if (field === undefined) return undefined;
      return v2Response(tensor, { contents: { [field]: typedValues(tensor, numpy) } });
    },
  },
  {
    name: 'V2 raw',
    dialect: 'v2',
    transport: 'grpc',
    write: (tensor) => v2Response(tensor, {}, tensor.bytes),
  },
  {
    name: 'TensorFlow typed',
    dialect: 'tensorflow',
    transport: 'grpc',
    write: (tensor, numpy) =>
      tensorflowResponse(tensor, {
        [TYPED[tensor.datatype].tensorflow]: typedValues(tensor, numpy),
      }),
  },
  {
    name: 'TensorFlow content',
    dialect: 'tensorflow',
    transport: 'grpc',
    write: (tensor) => tensorflowResponse(tensor, { tensor_content: tensor.bytes }),
  },
];

/** The elements of the one tensor in a request of the protocol. */
export function readRequest(
  dialect: DialectName,
  transport: Transport,
  message: Payload,
  numpy: Numpy,
): Element[] {
  if (transport === 'rest') return readRest(dialect, message, numpy);
  if (dialect === 'seldon') return readSeldon(message);
  return dialect === 'v2' ? readV2(message, numpy) : readTensorflow(message, numpy);
}

const MEMBERS: Readonly<Partial<Record<DialectName, RegExp>>> = {
  seldon: /"(?:ndarray|values)":(\[[^}]*\])/,
  v2: /"data":(\[[^}]*\])/,
  tensorflow: /"(?:instances|inputs)":(\[[^}]*\])/,
};

function readRest(dialect: DialectName, { body, layout }: Payload, numpy: Numpy): Element[] {
  if (layout !== undefined) {
    const head = JSON.parse(body.toString('latin1', 0, Number(layout))) as {
      inputs: { datatype: Datatype }[];
    };
    const [input] = head.inputs;
    return elementsOf(input?.datatype ?? 'BOOL', body.subarray(Number(layout)), numpy);
  }
  const text = MEMBERS[dialect]?.exec(body.toString())?.[1];
  if (text === undefined) throw new Error(`no tensor in ${body.toString()}`);
  const flat = text.replaceAll(/[[\]\s]/g, '');
  return flat.split(',').filter((element) => element !== '');
}

function readSeldon({ body }: Payload): Element[] {
  const { data } = SELDON_SCHEMA.read('Message', body) as {
    data: { tensor?: { values?: number[] }; ndarray?: List };
  };
  return data.ndarray === undefined ? (data.tensor?.values ?? []) : flatten(data.ndarray);
}

interface List {
  readonly values?: readonly {
    readonly number_value?: number;
    readonly bool_value?: boolean;
    readonly list_value?: List;
  }[];
}

function flatten({ values = [] }: List): Element[] {
  return values.flatMap(({ number_value, bool_value, list_value }) =>
    list_value === undefined ? [number_value ?? bool_value ?? Number.NaN] : flatten(list_value),
  );
}

function readV2({ body }: Payload, numpy: Numpy): Element[] {
  const said = V2_SCHEMA.read('Request', body) as {
    inputs: { datatype: Datatype; contents?: Record<string, (number | string | boolean)[]> }[];
    raw_input_contents?: string[];
  };
  const [input] = said.inputs;
  if (input === undefined) throw new Error('no input');
  const [raw] = said.raw_input_contents ?? [];
  if (raw !== undefined) return elementsOf(input.datatype, Buffer.from(raw, 'base64'), numpy);
  return input.contents?.[TYPED[input.datatype].v2 ?? ''] ?? [];
}

function readTensorflow({ body }: Payload, numpy: Numpy): Element[] {
  const said = TENSORFLOW_SCHEMA.read('PredictRequest', body) as {
    inputs: Record<string, { dtype: number; tensor_content?: string; [field: string]: unknown }>;
  };
  const [tensor] = Object.values(said.inputs);
  const datatype = DATATYPE_OF.get(tensor?.dtype ?? 0);
  if (tensor === undefined || datatype === undefined) throw new Error('no tensor of a known type');
  const content = Buffer.from(tensor.tensor_content ?? '', 'base64');
  if (content.length > 0) return elementsOf(datatype, content, numpy);
  const values = (tensor[TYPED[datatype].tensorflow] ?? []) as (number | string | boolean)[];
  if (!isBits(datatype)) return values;
  const bits = Buffer.alloc(2 * values.length);
  values.forEach((value, at) => bits.writeUInt16LE(Number(value), 2 * at));
  return elementsOf(datatype, bits, numpy);
}
