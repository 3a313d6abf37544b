// Holds the chain conversions against naive ones on generated and damaged messages, and sees that nothing throws. Run:
// `$(scripts/node-path.sh) dialects/testing/fuzz.ts --iterations 1000000 --seed 1`; the tests run a short piece of it.
import { parseArgs } from 'node:util';
import { seededRandom } from '../../lib/codecs/json/testing/fuzz.ts';
import { isLenientJson } from '../../lib/codecs/json/non-finite.ts';
import { isProtobuf } from '../../lib/codecs/protobuf/oneof.ts';
import { FieldReader } from '../../lib/codecs/protobuf/reader.ts';
import { bytesField, int32Field, stringField } from '../../lib/codecs/protobuf/writer.ts';
import { applyEdits, type Edits, type Payload, type Unusable } from '../payload.ts';
import { averageGrpc as averageTensorflowGrpc } from '../tensorflow/average-grpc.ts';
import { averageRest as averageTensorflowRest } from '../tensorflow/average-rest.ts';
import * as tensorflowGrpc from '../tensorflow/chain-grpc.ts';
import { chainRest as chainTensorflowRest } from '../tensorflow/chain-rest.ts';
import {
  findUnjoinableGrpc as findTensorflow,
  joinGrpc as joinTensorflow,
} from '../tensorflow/join-grpc.ts';
import { readGrpcRoute as routeTensorflowGrpc } from '../tensorflow/route-grpc.ts';
import { readRestRoute as routeTensorflowRest } from '../tensorflow/route-rest.ts';
import { createTranscoder } from '../transcode/transcode.ts';
import { averageGrpc as averageV2Grpc } from '../v2/average-grpc.ts';
import { averageRest as averageV2Rest } from '../v2/average-rest.ts';
import * as v2Grpc from '../v2/chain-grpc.ts';
import { chainRest as chainV2Rest } from '../v2/chain-rest.ts';
import { findUnjoinableGrpc as findV2, joinGrpc as joinV2 } from '../v2/join-grpc.ts';
import { findUnjoinableRest, joinRest } from '../v2/join-rest.ts';
import { readGrpcRoute as routeV2Grpc } from '../v2/route-grpc.ts';
import { readRestRoute as routeV2Rest } from '../v2/route-rest.ts';

type Random = (below: number) => number;

const KEYS = [
  'inputs',
  'outputs',
  '\\u006futputs',
  'predictions',
  'instances',
  'parameters',
  'data',
  'meta',
  'strData',
  'id',
  'x',
];
const VALUES = [
  '{"ndarray":[[1,2.5],[3,"a"]],"names":["a"]}',
  '{"tensor":{"shape":[1,2],"values":[1,9007199254740993]}}',
  '{"puid":"p","tags":{"a":1},"routing":{}}',
  '[{"a":[1],"b":"x"},{"a":[2],"b":"y"}]',
  '{"b64":"AP8="}',
  '[{"name":"o","datatype":"FP32","shape":[2],"data":[1,2.5]}]',
  '[{"name":"o","datatype":"INT64","shape":[1,2],"data":[[9007199254740993,-1]],"parameters":null}]',
  '[{"name":"o","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]',
  '[{"datatype":"BF16","shape":[0],"data":[]},{"datatype":"BYTES","shape":[1],"data":["a\\n"]}]',
  '[1,[2],NaN]',
  '[[0.5,NaN],[-0.0,1e3]]',
  '[{"a":[1],"b":{"c":2}}]',
  '{"binary_data_output":true}',
  '{}',
  'null',
  '-Infinity',
  '"outputs"',
  '"a\\"b,NaN"',
];

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T;
}

function damage(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0 || random(3) > 0) return bytes;
  const at = random(bytes.length);
  if (random(2) === 0) return bytes.subarray(0, at);
  const changed = Buffer.from(bytes);
  changed[at] = random(2) === 0 ? random(256) : '{}[]",:0N-'.charCodeAt(random(10));
  return changed;
}

function generateJson(random: Random): Payload {
  const members = Array.from(
    { length: random(5) },
    () => `"${pick(random, KEYS)}": ${pick(random, VALUES)}`,
  );
  const json = damage(random, Buffer.from(`${random(5) === 0 ? ' ' : ''}{${members.join(' ,')}}`));
  if (random(2) === 0) return { body: json, contentType: undefined, layout: undefined };
  const body = Buffer.concat([json, Buffer.alloc(random(10), 0x3f)]);
  const layout = random(8) === 0 ? pick(random, ['0', 'x', '99999']) : String(json.length);
  return { body, contentType: undefined, layout };
}

/** Messages of all shapes that our field numbers know: tensors in lists and in maps. */
function generateProto(random: Random, depth = 0): Buffer {
  const parts: Buffer[] = [];
  for (let count = random(6); count > 0; count--) {
    const field = 1 + random(random(5) === 0 ? 17 : 7);
    switch (random(5)) {
      case 0:
        parts.push(int32Field(field, random(30) - 3));
        break;
      case 1:
        parts.push(stringField(field, pick(random, ['o', 'FP32', 'INT64', 'BYTES', 'm'])));
        break;
      case 2:
        parts.push(bytesField(field, Buffer.alloc(random(9), 1)));
        break;
      default:
        parts.push(
          bytesField(field, depth < 4 ? generateProto(random, depth + 1) : Buffer.alloc(0)),
        );
    }
  }
  return Buffer.concat(parts);
}

/** JSON.parse of a text that may say NaN; undefined when it is no object. Texts that hold such words as strings are given up. */
function parse(text: string): Record<string, unknown> | undefined | 'unclear' {
  const replaced = text.replaceAll(/-Infinity|Infinity|NaN/g, ' null ');
  try {
    const value: unknown = JSON.parse(replaced);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return replaced === text ? undefined : 'unclear';
  }
}

function rename(
  value: Record<string, unknown>,
  names: Readonly<Record<string, string>>,
): Record<string, unknown> | undefined {
  const from = Object.keys(names).find((name) => name in value);
  if (from === undefined) return undefined;
  const { [from]: moved, ...rest } = value;
  return { ...rest, [names[from] as string]: moved };
}

function sorted(value: Record<string, unknown>): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
}

function apply(payload: Payload, edits: Edits | Unusable | undefined): Buffer | string {
  if (edits === undefined) return payload.body;
  return 'code' in edits ? edits.code : Buffer.concat(applyEdits(payload.body, edits.edits));
}

/** What a conversion of JSON says otherwise than one over JSON.parse. A text may repeat a key, of which the last counts and the others stay. */
function restDifference(
  { body }: Payload,
  chain: (payload: Payload) => Edits | Unusable | undefined,
  requests: readonly string[],
  names: Readonly<Record<string, string>>,
): string | undefined {
  const payload: Payload = { body, contentType: undefined, layout: undefined };
  const made = apply(payload, chain(payload));
  const value = parse(body.toString());
  if (value === 'unclear') return undefined;
  if (value === undefined) return made === 'ANSWER_MALFORMED' ? undefined : `no JSON, and ${made}`;
  const isRequest = requests.some((name) => name in value);
  const expected = isRequest ? value : rename(value, names);
  if (expected === undefined)
    return made === 'ANSWER_NOT_CHAINABLE' ? undefined : `nothing, and ${made}`;
  if (typeof made === 'string') return `${sorted(expected)}, and ${made}`;
  const actual = parse(made.toString());
  if (typeof actual !== 'object') return `${sorted(expected)}, and ${made.toString()}`;
  // An earlier key of the same name may have stayed behind.
  for (const name of Object.keys(names)) if (!(name in expected)) delete actual[name];
  const same = sorted(actual) === sorted(expected);
  return same ? undefined : `${sorted(expected)}, and ${sorted(actual)}`;
}

/** The fields of a message as `number:payload`, those numbered `without` left out and others renumbered. */
function fieldsOf(
  bytes: Buffer,
  without: readonly number[],
  to: Readonly<Record<number, number>>,
): string[] {
  const reader = new FieldReader(bytes);
  const fields: string[] = [];
  while (reader.next()) {
    const { field, wire } = reader;
    if (without.includes(field)) continue;
    fields.push(
      `${(wire === 2 && to[field]) || field}/${wire}:${reader.payload().toString('hex')}`,
    );
  }
  return fields;
}

/** What a conversion of protobuf says otherwise than the message's fields under their new numbers. */
function grpcDifference(
  body: Buffer,
  chain: (payload: Payload, model: string) => Edits | Unusable,
  without: readonly number[],
  to: Readonly<Record<number, number>>,
  model: number,
): string | undefined {
  const payload: Payload = { body, contentType: undefined, layout: undefined };
  const made = apply(payload, chain(payload, 'next'));
  if (!isProtobuf(body))
    return made === 'ANSWER_NOT_CHAINABLE' ? undefined : `broken, and not refused`;
  if (typeof made === 'string') return `whole, and ${made}`;
  // What is under the model's number and is no message stays, and means nothing.
  const fields = fieldsOf(body, without, to);
  const expected = fields.filter((field) => !field.startsWith(`${model}/`)).join(' ');
  const actual = fieldsOf(made, [model], {}).join(' ');
  return actual === expected ? undefined : `${expected}, and ${actual}`;
}

/** Everything that reads a response, for what it may throw. */
function readAll(json: Payload, proto: Payload): void {
  for (const read of [routeV2Rest, routeTensorflowRest]) read(json);
  for (const read of [routeV2Grpc, routeTensorflowGrpc]) read(proto);
  for (const average of [averageV2Rest, averageTensorflowRest]) average([json, json]);
  for (const average of [averageV2Grpc, averageTensorflowGrpc]) average([proto, proto]);
  chainV2Rest(json);
  for (const { nameRequest, answerWithRequest } of [v2Grpc, tensorflowGrpc]) {
    nameRequest(proto, 'm');
    answerWithRequest(proto);
  }
  if (findUnjoinableRest([json]) === undefined) joinRest([json, json]);
  if (findV2([proto]) === undefined) joinV2([proto, proto], 'm');
  if (findTensorflow([proto]) === undefined) joinTensorflow([proto, proto], 'm');
}

const PROTOCOLS = ['seldon', 'v2', 'tensorflow'] as const;

/** What a transcoder writes that is no JSON. */
function transcodeDifference(json: Payload): string | undefined {
  for (const graph of PROTOCOLS) {
    for (const unit of PROTOCOLS) {
      const transcoder = createTranscoder(graph, unit, 'rest');
      if (transcoder === undefined) continue;
      for (const made of [transcoder.request(json, 'm'), transcoder.response(json, json, 'm')]) {
        if ('body' in made && !isLenientJson(made.body)) {
          return `${graph} to ${unit}: ${made.body.toString()}`;
        }
      }
    }
  }
  return undefined;
}

/** What a transcoder makes of protobuf that is none. */
function transcodeGrpcDifference(proto: Payload): string | undefined {
  for (const graph of PROTOCOLS) {
    for (const unit of PROTOCOLS) {
      const transcoder = createTranscoder(graph, unit, 'grpc');
      if (transcoder === undefined) continue;
      for (const made of [
        transcoder.request(proto, 'm', false),
        transcoder.request(proto, 'm', true),
        transcoder.response(proto, proto, 'm'),
      ]) {
        if ('body' in made && !isProtobuf(made.body)) {
          return `${graph} to ${unit}: ${made.body.toString('hex')}`;
        }
      }
    }
  }
  return undefined;
}

function difference(json: Payload, proto: Buffer): string | undefined {
  readAll(json, { body: proto, contentType: undefined, layout: undefined });
  // Raw contents change the tensors beside them, which the tests of the conversion hold.
  const noRaw = Buffer.concat(isProtobuf(proto) ? partsWithout(proto, 6) : [proto]);
  return (
    restDifference(json, chainV2Rest, ['inputs'], { outputs: 'inputs' }) ??
    restDifference(json, chainTensorflowRest, ['instances', 'inputs'], {
      predictions: 'instances',
      outputs: 'inputs',
    }) ??
    grpcDifference(noRaw, v2Grpc.chainGrpc, [1, 2], {}, 1) ??
    transcodeDifference(json) ??
    transcodeGrpcDifference({ body: proto, contentType: undefined, layout: undefined }) ??
    grpcDifference(proto, tensorflowGrpc.chainGrpc, [2], { 1: 2 }, 1)
  );
}

function partsWithout(bytes: Buffer, field: number): Buffer[] {
  const reader = new FieldReader(bytes);
  const parts: Buffer[] = [];
  while (reader.next()) {
    if (reader.field !== field) parts.push(bytes.subarray(reader.tagStart, reader.end));
  }
  return parts;
}

/** Runs until the iterations are over or a difference is found, which it returns with its input. */
export function fuzz(iterations: number, seed: number): string | undefined {
  const random = seededRandom(seed);
  for (let i = 0; i < iterations; i++) {
    const json = generateJson(random);
    const proto = damage(random, generateProto(random));
    const found = difference(json, proto);
    if (found === undefined) continue;
    return `${JSON.stringify(json.body.toString('latin1'))} ${proto.toString('hex')}: ${found}`;
  }
  return undefined;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      iterations: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const found = fuzz(Number(values.iterations), Number(values.seed));
  console.log(found ?? `${values.iterations} messages: no difference`);
  process.exitCode = found === undefined ? 0 : 1;
}
