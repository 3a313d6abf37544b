import assert from 'node:assert/strict';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import type { RoutingInBody } from '../dialect.ts';
import type { Payload } from '../payload.ts';
import { SELDON_GRPC } from './grpc-messages.ts';

// The messages as protobufjs reads them, written here independently of the project's own .proto files.
const { root } = protobuf.parse(
  `
  syntax = "proto3"; package t;
  message Msg { Status status = 1; Meta meta = 2;
    oneof data_oneof { Data data = 3; bytes binData = 4; string strData = 5; Value jsonData = 6; } }
  message Status { int32 code = 1; string info = 2; }
  message Data { repeated string names = 1;
    oneof data_oneof { Tensor tensor = 2; List ndarray = 3; Tf tftensor = 4; } }
  message Tensor { repeated int32 shape = 1; repeated double values = 2; }
  message Loose { repeated int32 shape = 1 [packed=false]; repeated double values = 2 [packed=false]; }
  message LooseData { Loose tensor = 2; }
  message LooseMsg { LooseData data = 3; }
  message List { repeated Value values = 1; }
  message Value { oneof kind { int32 null_value = 1; double number_value = 2; string string_value = 3;
    bool bool_value = 4; List list_value = 6; } }
  message Tf { int32 dtype = 1; repeated int32 int_val = 7; }
  message Meta { string puid = 1; map<string, int32> routing = 3; repeated Metric metrics = 5; }
  message Metric { string key = 1; int32 type = 2; float value = 3; }
  message MsgList { repeated Msg seldonMessages = 1; }
  message Feedback { Msg request = 1; Msg response = 2; float reward = 3; }
`,
  { keepCase: true },
);

function write(value: object, type = 'Msg'): Buffer {
  const of = root.lookupType(`t.${type}`);
  return Buffer.from(of.encode(of.fromObject(value)).finish());
}

function read(bytes: Buffer, type = 'Msg'): Record<string, unknown> {
  const of = root.lookupType(`t.${type}`);
  return of.toObject(of.decode(bytes)) as Record<string, unknown>;
}

function list(...values: unknown[]): object {
  return {
    values: values.map((value) =>
      Array.isArray(value)
        ? { list_value: list(...value) }
        : typeof value === 'number'
          ? { number_value: value }
          : { string_value: String(value) },
    ),
  };
}

const ROUTING = SELDON_GRPC.routing as RoutingInBody;

function payload(body: Buffer): Payload {
  return { body, contentType: undefined, layout: undefined };
}

function route(bytes: Buffer): number | string {
  const found = SELDON_GRPC.readRoute(payload(bytes));
  return typeof found === 'number' ? found : found.code;
}

function average(...bodies: Buffer[]): unknown {
  const made = SELDON_GRPC.average(bodies.map(payload));
  return 'body' in made ? read(made.body) : `${made.code} ${made.position}`;
}

test('a branch is read from tensors packed or not, nested lists and TensorFlow tensors', () => {
  assert.equal(route(write({ data: { tensor: { shape: [1, 1], values: [1.9] } } })), 1);
  assert.equal(route(write({ data: { tensor: { values: [-2] } } }, 'LooseMsg')), -2);
  assert.equal(route(write({ data: { names: ['x'], ndarray: list([2, 5]) } })), 2);
  assert.equal(route(write({ data: { ndarray: list(-1) } })), -1);
  assert.equal(route(write({ data: { tftensor: { dtype: 3, int_val: [-1, 4] } } })), -1);
});

test('other responses of a router are unusable, and broken ones are said to be', () => {
  for (const value of [
    {},
    { strData: '1' },
    { data: {} },
    { data: { tensor: {} } },
    { data: { tensor: { values: [Number.NaN] } } },
    { data: { ndarray: list('1') } },
    { data: { ndarray: list([]) } },
  ]) {
    assert.equal(route(write(value)), 'ROUTE_UNUSABLE', JSON.stringify(value));
  }
  assert.equal(route(Buffer.from([0x1a, 0x05])), 'ANSWER_MALFORMED');
});

test('an average keeps names, meta, status and the kind of the first message', () => {
  const first = { status: { code: 7 }, meta: { puid: 'p' } };
  const tensor = (...values: number[]): object => ({ tensor: { shape: [1, 2], values } });
  const names = ['a', 'b'];
  const expected = { ...first, data: { names, tensor: { shape: [1, 2], values: [2, 3.25] } } };
  assert.deepEqual(
    average(write({ ...first, data: { names, ...tensor(1, 2) } }), write({ data: tensor(3, 4.5) })),
    expected,
  );
  assert.deepEqual(
    average(
      write({ ...first, data: { names, ndarray: list([1, 2], [3, 4]) } }),
      write({ data: { tensor: { shape: [2, 2], values: [3, 4, 5, 7] } } }),
    ),
    { ...first, data: { names, ndarray: list([2, 3], [4, 5.5]) } },
  );
});

test('unequal shapes and other data are refused', () => {
  const good = write({ data: { tensor: { shape: [1, 2], values: [1, 2] } } });
  for (const value of [
    { data: { tensor: { shape: [2, 1], values: [1, 2] } } },
    { data: { tensor: { shape: [1, 3], values: [1, 2] } } },
    { data: { ndarray: list([1, 'x']) } },
    { strData: 'x' },
    {},
  ]) {
    assert.equal(average(good, write(value)), 'MERGE_UNUSABLE 1', JSON.stringify(value));
  }
});

test('responses are joined to a list that protobuf reads', () => {
  const bodies = [write({ strData: 'a' }), Buffer.alloc(0), write({ strData: 'b' })];
  const { pieces } = SELDON_GRPC.joinResponses(bodies.map(payload), 'c');
  assert.deepEqual(read(Buffer.concat(pieces), 'MsgList'), {
    seldonMessages: [{ strData: 'a' }, {}, { strData: 'b' }],
  });
});

test('routing is merged into the meta that is there', () => {
  const body = write({ meta: { puid: 'p', routing: { r: 0, x: 2 } }, strData: 's' });
  assert.deepEqual(read(ROUTING.write(body, { r: 1, a: -1 })), {
    meta: { puid: 'p', routing: { r: 1, x: 2, a: -1 } },
    strData: 's',
  });
});

test('routing is merged into the response of a feedback that is there', () => {
  const body = write({ reward: 1, response: { meta: { puid: 'p' } } }, 'Feedback');
  const told = ROUTING.writeFeedback(body, { r: 1, a: -1 });
  assert.deepEqual(read(told, 'Feedback'), {
    reward: 1,
    response: { meta: { puid: 'p', routing: { r: 1, a: -1 } } },
  });
});

test('SIMPLE_MODEL answers its constant, or the strData that it was sent', () => {
  const constant = read(SELDON_GRPC.simpleModel(payload(write({})), 'm').body);
  assert.deepEqual(constant['data'], {
    names: ['class0', 'class1', 'class2'],
    tensor: { shape: [1, 3], values: [0.1, 0.9, 0.5] },
  });
  assert.equal(
    read(SELDON_GRPC.simpleModel(payload(write({ strData: 'é' })), 'm').body)['strData'],
    'é',
  );
});
