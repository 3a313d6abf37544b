import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Payload } from '../payload.ts';
import { SELDON_REST } from './rest-messages.ts';

function payload(text: string): Payload {
  return { body: Buffer.from(text), contentType: 'application/json', layout: undefined };
}

function route(text: string): number | string {
  const read = SELDON_REST.readRoute(payload(text));
  return typeof read === 'number' ? read : read.code;
}

function average(...texts: string[]): string {
  const made = SELDON_REST.average(texts.map(payload));
  return 'body' in made ? made.body.toString() : `${made.code} ${made.position}: ${made.info}`;
}

function routed(text: string, routing: Record<string, number> = { r: 1 }): string {
  return String(SELDON_REST.routing?.write(Buffer.from(text), routing));
}

test('a branch is read from every form of a route response', () => {
  const forms: readonly (readonly [string, number])[] = [
    ['{"data":{"ndarray":[1]}}', 1],
    ['{"data":{"names":["X1L"],"ndarray":[[1,2],[3,4]]},"meta":{}}', 1],
    ['{"data":{"ndarray":[[-2]]}}', -2],
    ['{"data":{"ndarray":[[1.9]]}}', 1],
    ['{"data":{"ndarray":[[-0.5]]}}', 0],
    ['{"data":{"ndarray":[ [ 1e0 ] ]}}', 1],
    ['{"data":{"tensor":{"shape":[1,1],"values":[2]}}}', 2],
    ['{"data":{"tftensor":{"dtype":"DT_INT32","int_val":[3]}}}', 3],
    ['{"data":{"tftensor":{"intVal":[3]}}}', 3],
    ['[1]', 1],
    [' [ -1, 5 ] ', -1],
  ];
  for (const [text, branch] of forms) assert.equal(route(text), branch, text);
});

test('a route response without a number is unusable, one that is no JSON is said to be none', () => {
  const unusable = [
    '{"strData":"1"}',
    '{"data":{"ndarray":[]}}',
    '{"data":{"ndarray":[[]]}}',
    '{"data":{"ndarray":["1"]}}',
    '{"data":{"ndarray":[[[1]]]}}',
    '{"data":{"tensor":{"values":[]}}}',
    '{"data":{}}',
    '{}',
    '[]',
    '["1"]',
    '[1.5]',
    '7',
    'null',
  ];
  for (const text of unusable) assert.equal(route(text), 'ROUTE_UNUSABLE', text);
  for (const text of ['', 'no', '{"data":{"ndarray":[1]}']) {
    assert.equal(route(text), 'ANSWER_MALFORMED', text);
  }
});

test('an average replaces the numbers and nothing else', () => {
  assert.equal(
    average(
      ' {"meta":{"puid":"p"},"data":{"names":["é"],"ndarray": [[1, 2.5]] },"x":1e400}',
      '{"data":{"ndarray":[[2,3.5]]}}',
    ),
    ' {"meta":{"puid":"p"},"data":{"names":["é"],"ndarray": [[1.5,3]] },"x":1e400}',
  );
  assert.equal(
    average(
      '{"data":{"tensor":{"values":[1,2],"shape":[1,2]}}}',
      '{"data":{"ndarray":[[3,5]]}}',
      '{"data":{"tensor":{"shape":[1,2],"values":[2,2]}}}',
    ),
    '{"data":{"tensor":{"values":[2,3],"shape":[1,2]}}}',
  );
  assert.equal(
    average('{"data":{"ndarray":[[[1],[2]],[[3],[4]]]}}'),
    '{"data":{"ndarray":[[[1],[2]],[[3],[4]]]}}',
  );
  assert.equal(
    average('{"data":{"ndarray":[1e308]}}', '{"data":{"ndarray":[1e308]}}'),
    '{"data":{"ndarray":[1e+308]}}',
  );
  assert.equal(
    average('{"data":{"ndarray":[]}}', '{"data":{"ndarray":[]}}'),
    '{"data":{"ndarray":[]}}',
  );
});

test('what cannot be averaged is refused with the child that is at fault', () => {
  const good = '{"data":{"ndarray":[[1,2]]}}';
  const bad: readonly string[] = [
    '{"data":{"ndarray":[[1]]}}',
    '{"data":{"ndarray":[1,2]}}',
    '{"data":{"ndarray":[[1,2],[3]]}}',
    '{"data":{"ndarray":[["a",2]]}}',
    '{"data":{"ndarray":[[null,2]]}}',
    '{"data":{"tensor":{"shape":[1,3],"values":[1,2]}}}',
    '{"strData":"x"}',
    '{"data":{"ndarray":[[1,2]]}',
    '',
  ];
  for (const text of bad) assert.match(average(good, text), /^MERGE_UNUSABLE 1: /, text);
  assert.match(average('{"data":{"ndarray":[1e999]}}'), /^MERGE_UNUSABLE 0: /);
});

test('routing is laid over what the response says, and no other byte changes', () => {
  assert.equal(routed('{}'), '{"meta":{"routing":{"r":1}}}');
  assert.equal(routed(' { "a" : 1.0 }'), ' {"meta":{"routing":{"r":1}}, "a" : 1.0 }');
  assert.equal(routed('{"meta":{ },"a":1}'), '{"meta":{"routing":{"r":1} },"a":1}');
  assert.equal(routed('{"meta":{"puid":"p"}}'), '{"meta":{"routing":{"r":1},"puid":"p"}}');
  assert.equal(routed('{"meta":null}'), '{"meta":{"routing":{"r":1}}}');
  assert.equal(
    routed('{"meta":{"routing":{"r":0,"x":2},"puid":"p"}}'),
    '{"meta":{"routing":{"r":1,"x":2},"puid":"p"}}',
  );
  for (const text of ['[1]', '"x"', 'no json', '', '{"meta":"text"}']) {
    assert.equal(routed(text), text);
  }
});

test('SIMPLE_MODEL echoes strData and binData and answers a constant otherwise', () => {
  const answer = (text: string): unknown =>
    JSON.parse(SELDON_REST.simpleModel(payload(text), 'm').body.toString());
  const constant = answer('{"data":{"ndarray":[1]}}') as Record<string, unknown>;
  assert.deepEqual(constant['data'], {
    names: ['class0', 'class1', 'class2'],
    tensor: { shape: [1, 3], values: [0.1, 0.9, 0.5] },
  });
  const { data, ...head } = constant;
  assert.deepEqual(answer('{"strData":"\\u00e9"}'), { ...head, strData: 'é' });
  assert.deepEqual(answer('{"binData":"QUJD"}'), { ...head, binData: 'QUJD' });
  assert.deepEqual(answer('no json'), constant);
  assert.ok(data !== undefined);
});
