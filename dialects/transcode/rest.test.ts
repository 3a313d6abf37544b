import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DialectName } from '../../graph/plan/plan.ts';
import { cpuMs } from '../../testing/cpu-time.ts';
import type { Payload } from '../payload.ts';
import { binary, rest, textOf } from '../testing/payloads.ts';
import { createTranscoder } from './transcode.ts';

function transcoder(graph: DialectName, unit: DialectName) {
  const found = createTranscoder(graph, unit, 'rest');
  assert.ok(found !== undefined);
  return found;
}

/** What a unit is called with, and what its response becomes. */
function through(
  graph: DialectName,
  unit: DialectName,
  asked: string | Payload,
  answered: string | Payload = '{}',
): [string, string] {
  const { request, response } = transcoder(graph, unit);
  const message = typeof asked === 'string' ? rest(asked) : asked;
  const said = typeof answered === 'string' ? rest(answered) : answered;
  const written = [request(message, 'm'), response(said, message, 'm')].map((each) =>
    Buffer.from(textOf(each), 'latin1').toString(),
  );
  return written as [string, string];
}

test('a V2 unit in a Seldon graph gets the array as a tensor, and its tensor becomes an array with the meta of before', () => {
  const asked =
    '{"meta":{"puid":"p","tags":{"a":1},"requestPath":{"x":"y"}},"data":{"names":["c","d"],"ndarray":[[9007199254740993, -0],[1,2]]}}';
  const answered =
    '{"model_name":"m","id":"p","parameters":{"b":"2"},"outputs":[{"name":"predict","shape":[2,1],"datatype":"INT64","data":[18,19]}]}';
  assert.deepEqual(through('seldon', 'v2', asked, answered), [
    '{"id":"p","parameters":{"a":1},"inputs":[{"name":"input-0","datatype":"INT64","shape":[2,2],"parameters":{"names":"[\\"c\\",\\"d\\"]"},"data":[9007199254740993,-0,1,2]}]}',
    '{"meta":{"puid":"p","requestPath":{"x":"y"},"tags":{"a":1,"b":"2"}},"data":{"ndarray":[[18],[19]]}}',
  ]);
});

test('a tensor is answered by a tensor, a text by a text, bytes by bytes', () => {
  const output = (datatype: string, data: string, more = ''): string =>
    `{"outputs":[{"name":"o","datatype":"${datatype}","shape":[1],${more}"data":${data}}]}`;
  assert.deepEqual(
    through(
      'seldon',
      'v2',
      '{"data":{"tensor":{"shape":[1,2],"values":[1.0,2e3]}}}',
      output('FP32', '[0.10]'),
    ),
    [
      '{"inputs":[{"name":"input-0","datatype":"FP64","shape":[1,2],"data":[1.0,2e3]}]}',
      '{"data":{"tensor":{"shape":[1],"values":[0.10]}}}',
    ],
  );
  assert.deepEqual(
    through('seldon', 'v2', '{"strData":"é\\n\\"x"}', output('BYTES', '["y,\\\\"]')),
    [
      '{"inputs":[{"name":"input-0","datatype":"BYTES","shape":[1],"parameters":{"content_type":"str"},"data":["é\\n\\"x"]}]}',
      '{"strData":"y,\\\\"}',
    ],
  );
  assert.deepEqual(
    through(
      'seldon',
      'v2',
      '{"binData":"AP8="}',
      output('BYTES', '["/wA="]', '"parameters":{"content_type":"base64"},'),
    ),
    [
      '{"inputs":[{"name":"input-0","datatype":"BYTES","shape":[1],"parameters":{"content_type":"base64"},"data":["AP8="]}]}',
      '{"binData":"/wA="}',
    ],
  );
});

test('a content type of texts says nothing of numbers', () => {
  for (const [type, datatype, data] of [
    ['str', 'FP64', '[5]'],
    ['base64', 'INT64', '[1234]'],
    ['str', 'BOOL', '[true]'],
    ['str', 'BYTES', '[5]'],
  ]) {
    const tensor = `"name":"o","datatype":"${datatype}","shape":[1],"parameters":{"content_type":"${type}"},"data":${data}`;
    const [, answer] = through(
      'seldon',
      'v2',
      '{"data":{"ndarray":[1]}}',
      `{"outputs":[{${tensor}}]}`,
    );
    assert.equal(answer, `{"data":{"ndarray":${data}}}`, tensor);
    const [request] = through('v2', 'seldon', `{"inputs":[{${tensor}}]}`);
    assert.equal(request, `{"data":{"ndarray":${data}}}`, tensor);
  }
});

test('a content type of texts is believed of bytes behind the JSON, if they are texts', () => {
  const asked = (datatype: string, bytes: Buffer): Payload =>
    binary(
      `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1],"parameters":{"content_type":"str","binary_data_size":${bytes.length}}}]}`,
      bytes,
    );
  const text = Buffer.from('\u0002\0\0\0hi', 'latin1');
  assert.equal(through('v2', 'seldon', asked('BYTES', text))[0], '{"strData":"hi"}');
  const number = Buffer.from(Int32Array.of(7).buffer);
  assert.equal(through('v2', 'seldon', asked('INT32', number))[0], '{"data":{"ndarray":[7]}}');
});

test('a Seldon unit in a V2 graph gets one tensor as an array, and its array becomes a tensor', () => {
  const asked =
    '{"id":"i","parameters":{"a":1,"binary_data_output":true},"inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":[[1,2.50],[3,4]]}]}';
  const answered =
    '{"meta":{"puid":"i","tags":{"t":true}},"data":{"names":["p","q"],"ndarray":[[0.1,"9"]]}}';
  const good = answered.replace('"9"', '0.90');
  assert.deepEqual(through('v2', 'seldon', asked, good), [
    '{"meta":{"puid":"i","tags":{"a":1}},"data":{"ndarray":[[1,2.50],[3,4]]}}',
    '{"model_name":"m","id":"i","parameters":{"t":true},"outputs":[{"name":"output-0","datatype":"FP64","shape":[1,2],"parameters":{"names":"[\\"p\\",\\"q\\"]"},"data":[0.1,0.90]}]}',
  ]);
  assert.match(
    through('v2', 'seldon', asked, answered)[1],
    /^MESSAGE_NOT_TRANSLATABLE .*several kinds/,
  );
});

test('names of columns come back from a V2 unit’s parameter', () => {
  const answered =
    '{"outputs":[{"name":"o","datatype":"FP64","shape":[1,1],"parameters":{"names":"[\\"p\\"]"},"data":[1]}]}';
  const [, response] = through('seldon', 'v2', '{"data":{"ndarray":[[1]]}}', answered);
  assert.equal(response, '{"data":{"names":["p"],"ndarray":[[1]]}}');
});

test('a parameter that is no list of names is none', () => {
  const answered =
    '{"outputs":[{"name":"o","datatype":"FP64","shape":[1],"parameters":{"names":"[1"},"data":[1]}]}';
  const [, response] = through('seldon', 'v2', '{"data":{"ndarray":[1]}}', answered);
  assert.equal(response, '{"data":{"ndarray":[1]}}');
});

test('a shape of very many empty lists is refused', () => {
  const asked = '{"inputs":[{"shape":[1000000000,0],"datatype":"FP32","data":[]}]}';
  assert.match(through('v2', 'seldon', asked)[0], /^MESSAGE_NOT_TRANSLATABLE .*empty lists/);
});

test('binary tensors are read to all their bits', () => {
  const integers = Buffer.alloc(16);
  integers.writeBigInt64LE(2n ** 53n + 1n, 0);
  integers.writeBigInt64LE(-1n, 8);
  const asked = binary(
    '{"inputs":[{"name":"x","datatype":"INT64","shape":[1,2],"parameters":{"binary_data_size":16}}]}',
    integers,
  );
  assert.equal(through('v2', 'seldon', asked)[0], '{"data":{"ndarray":[[9007199254740993,-1]]}}');
  const strings = binary(
    '{"inputs":[{"name":"x","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":11}}]}',
    Buffer.from('01000000610200000062', 'hex'),
    Buffer.from('c', 'latin1'),
  );
  assert.equal(through('v2', 'tensorflow', strings)[0], '{"instances":["a","bc"]}');
});

test('TensorFlow’s rows and columns, one tensor or several, go both ways', () => {
  assert.deepEqual(
    through(
      'tensorflow',
      'v2',
      '{"instances":[[1,2],[3,4]]}',
      '{"outputs":[{"name":"o","datatype":"FP32","shape":[2],"data":[NaN,1]}]}',
    ),
    [
      '{"inputs":[{"name":"input-0","datatype":"INT64","shape":[2,2],"data":[1,2,3,4]}]}',
      '{"predictions":[NaN,1]}',
    ],
  );
  const two =
    '{"outputs":[{"name":"a","datatype":"FP32","shape":[2,1],"data":[1,2]},{"name":"b","datatype":"BYTES","shape":[2],"data":["x","y"]}]}';
  assert.deepEqual(
    through('tensorflow', 'v2', '{"instances":[{"p":[1],"q":"u"},{"p":[2],"q":"v"}]}', two),
    [
      '{"inputs":[{"name":"p","datatype":"INT64","shape":[2,1],"data":[1,2]},{"name":"q","datatype":"BYTES","shape":[2],"data":["u","v"]}]}',
      '{"predictions":[{"a":[1],"b":"x"},{"a":[2],"b":"y"}]}',
    ],
  );
  assert.equal(
    through('tensorflow', 'v2', '{"inputs":{"p":1}}', two)[1],
    '{"outputs":{"a":[[1],[2]],"b":["x","y"]}}',
  );
  assert.deepEqual(
    through('v2', 'tensorflow', two.replace('outputs', 'inputs'), '{"outputs":{"z":[true,false]}}'),
    [
      '{"inputs":{"a":[[1],[2]],"b":["x","y"]}}',
      '{"model_name":"m","outputs":[{"name":"z","datatype":"BOOL","shape":[2],"data":[true,false]}]}',
    ],
  );
  assert.deepEqual(
    through('tensorflow', 'seldon', '{"instances":[{"b64":"AP8="}]}', '{"binData":"/wA="}'),
    ['{"binData":"AP8="}', '{"predictions":[{"b64":"/wA="}]}'],
  );
  assert.deepEqual(
    through(
      'seldon',
      'tensorflow',
      '{"meta":{"puid":"p"},"data":{"ndarray":[["a"]]}}',
      '{"predictions":[[0.5]]}',
    ),
    ['{"instances":[["a"]]}', '{"meta":{"puid":"p"},"data":{"ndarray":[[0.5]]}}'],
  );
});

test('what the other protocol cannot say is refused with the reason', () => {
  for (const [graph, unit, asked, reason] of [
    ['seldon', 'v2', '{"jsonData":{"a":1}}', /neither ndarray/],
    ['seldon', 'v2', '{"data":{"ndarray":[[1],[2,3]]}}', /ragged/],
    ['seldon', 'v2', '{"data":{"ndarray":[1,"a"]}}', /several kinds/],
    ['seldon', 'v2', '{"data":{"ndarray":[null]}}', /several kinds/],
    ['seldon', 'v2', '{"data":{"tensor":{"shape":[3],"values":[1]}}}', /does not fit/],
    ['seldon', 'v2', 'x', /no JSON object/],
    ['v2', 'seldon', '{"inputs":[]}', /no tensor/],
    ['v2', 'seldon', '{"inputs":[{"shape":[1],"datatype":"FP32","data":[NaN]}]}', /NaN/],
    ['v2', 'seldon', '{"inputs":[{"shape":[2],"datatype":"FP32","data":[1]}]}', /its shape/],
    ['v2', 'seldon', '{"inputs":[{"shape":[-1,-1],"datatype":"FP32","data":[1]}]}', /no shape/],
    ['v2', 'seldon', '{"inputs":[{"shape":[1],"datatype":"FP32"}]}', /no data/],
    ['v2', 'seldon', '{"foo":1}', /neither inputs/],
    ['tensorflow', 'v2', '{"instances":[{"a":1},{"b":1}]}', /not the same in all rows/],
    ['tensorflow', 'v2', '{"instances":{}}', /no list/],
    ['tensorflow', 'seldon', '{"inputs":{"a":1,"b":2}}', /2 tensors/],
  ] as const) {
    const [request] = through(graph, unit, asked);
    assert.match(request, /^MESSAGE_NOT_TRANSLATABLE /, asked);
    assert.match(request, reason, asked);
  }
});

test('empty arrays and numbers of their own keep their shape', () => {
  assert.equal(
    through('seldon', 'v2', '{"data":{"ndarray":[[],[]]}}')[0],
    '{"inputs":[{"name":"input-0","datatype":"FP64","shape":[2,0],"data":[]}]}',
  );
  assert.equal(
    through('v2', 'seldon', '{"inputs":[{"shape":[2,0],"datatype":"FP32","data":[]}]}')[0],
    '{"data":{"ndarray":[[],[]]}}',
  );
  assert.equal(
    through('v2', 'tensorflow', '{"inputs":[{"shape":[],"datatype":"FP32","data":[7]}]}')[0],
    '{"inputs":7}',
  );
});

test('there is no transcoder between equals', () => {
  assert.equal(createTranscoder('v2', 'v2', 'rest'), undefined);
});

test('little that would become much is refused', () => {
  const info = (made: ReturnType<ReturnType<typeof transcoder>['request']>): string =>
    'info' in made ? made.info : 'written';
  const v2 = (shape: string, data: string, times = 1): Payload => {
    const tensor = `{"name":"a","datatype":"FP32","shape":[${shape}],"data":[${data}]}`;
    return rest(`{"inputs":[${Array<string>(times).fill(tensor).join(',')}]}`);
  };
  const { request, response } = transcoder('v2', 'tensorflow');
  assert.equal(info(request(v2('1024,0', ''), 'm')), 'written');
  const empty = 'its tensors hold nothing but empty lists, too many of them';
  assert.equal(info(request(v2('1000,0', '', 2), 'm')), empty);
  assert.equal(info(request(v2('9007199254740991,0', ''), 'm')), empty);
  const axes = Array<number>(100_000).fill(1).join(',');
  assert.equal(info(request(v2(axes, '1'), 'm')), 'tensor "a" does not fit its shape');
  assert.ok('info' in response(v2(axes, '1'), v2('1', '1'), 'm'));
  const long = 'n'.repeat(100_000);
  const column = `[${Array<number>(1000).fill(0).join(',')}]`;
  const outputs = ['a', long].map(
    (name) => `{"name":"${name}","datatype":"FP32","shape":[1000],"data":${column}}`,
  );
  assert.equal(
    info(
      transcoder('tensorflow', 'v2').response(
        rest(`{"outputs":[${outputs.join(',')}]}`),
        rest('{"instances":[1]}'),
        'm',
      ),
    ),
    'its tensors have long names and many rows',
  );
});

test('many names in a row, and many rows, take no longer than their bytes', () => {
  const names = Array.from({ length: 30_000 }, (_, index) => `"n${index}":1`).join(',');
  const took = cpuMs(() => {
    const wide = transcoder('tensorflow', 'v2').request(rest(`{"instances":[{${names}}]}`), 'm');
    assert.ok('body' in wide);
  });
  assert.ok(took < 5000, `${took} ms of the processor`);
  const rows = 200_000;
  const data = Array<string>(rows).fill('1').join(',');
  const tall = `{"inputs":[${['a', 'b'].map((name) => `{"name":"${name}","datatype":"FP32","shape":[${rows},1],"data":[${data}]}`).join(',')}]}`;
  const made = transcoder('v2', 'tensorflow').request(rest(tall), 'm');
  assert.ok('body' in made);
  const { inputs } = JSON.parse(made.body.toString()) as { inputs: Record<string, number[][]> };
  assert.equal(inputs['b']?.length, rows);
  assert.deepEqual(inputs['b']?.at(-1), [1]);
});

test('why it is refused stays short, whatever names are long', () => {
  const name = 'n'.repeat(100_000);
  const asked = `{"inputs":[{"name":"${name}","datatype":"FP32","shape":[2],"data":[1]}]}`;
  const made = transcoder('v2', 'tensorflow').request(rest(asked), 'm');
  assert.ok('info' in made);
  assert.equal(made.info, `tensor "${'n'.repeat(504)}…`);
});
