// Every datatype in every encoding of every protocol, on to the next unit of the same protocol and of each other one: what arrives is what
// numpy had, to the last bit. Averages and branches have the same table in the tests of their own; Seldon's mean is here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DialectName, Transport } from '../graph/plan/plan.ts';
import { loadMessages, messagesOf, transcoderOf } from './known/messages.ts';
import type { Payload } from './payload.ts';
import { readValues } from './tensors/datatypes.ts';
import { askNumpy, hasNumpy, type MeanCase, type TensorCase } from './tensors/testing/numpy.ts';
import {
  type Element,
  elementsOf,
  type Encoding,
  ENCODINGS,
  readRequest,
} from './testing/encodings.ts';
import { edited, grpc, rest, textOf } from './testing/payloads.ts';
import { SELDON_SCHEMA } from './testing/schemas.ts';

const DIALECTS: readonly DialectName[] = ['seldon', 'v2', 'tensorflow'];
await loadMessages(DIALECTS);
const skip = hasNumpy ? false : 'no numpy: run make models';

/** An element as text or a field of fewer bits has it, in the type of the one that was sent. */
function typed(got: Element | undefined, like: Element): Element | undefined {
  if (typeof got === 'number' && typeof like === 'bigint') return BigInt(got);
  if (typeof got !== 'string') return got;
  if (typeof like === 'bigint') return /^-?\d+$/.test(got) ? BigInt(got) : got;
  return typeof like === 'boolean' ? got === 'true' : Number(got);
}

/** `asDoubles`: the message has no other numbers. */
function assertElements(
  got: readonly Element[],
  sent: readonly Element[],
  asDoubles: boolean,
  how: string,
): void {
  assert.equal(got.length, sent.length, how);
  for (const [at, element] of sent.entries()) {
    const wanted = asDoubles ? Number(element) : element;
    const found = asDoubles ? Number(got[at]) : typed(got[at], element);
    assert.ok(Object.is(found, wanted), `${how} [${at}]: ${String(found)}, not ${String(wanted)}`);
  }
}

function nameOf({ kind, datatype }: TensorCase, from: Encoding, to: string): string {
  return `${kind} ${datatype}, ${from.name} to ${to}`;
}

test('a response becomes the next unit’s request with each of its elements', { skip }, () => {
  const numpy = askNumpy();
  let count = 0;
  for (const encoding of ENCODINGS) {
    const { dialect, transport } = encoding;
    const { requests } = messagesOf(dialect, transport);
    for (const tensor of numpy.tensors) {
      const response = encoding.write(tensor, numpy);
      if (response === undefined) continue;
      const how = nameOf(tensor, encoding, 'the same');
      const next = edited(response, requests?.fit(response, 'm', true));
      assert.ok(typeof next === 'object', `${how}: ${String(next)}`);
      const sent = elementsOf(tensor.datatype, tensor.bytes, numpy);
      const asDoubles = dialect === 'seldon' && transport === 'grpc';
      assertElements(readRequest(dialect, transport, next, numpy), sent, asDoubles, how);
      count += 1;
    }
  }
  assert.ok(count > 500, `${count} cases`);
});

/** Why a tensor cannot be put into the other protocol; undefined where it has to be. */
function refusal(
  { kind, datatype }: TensorCase,
  from: Encoding,
  to: DialectName,
): RegExp | undefined {
  const isFloat = /FP|BF/.test(datatype);
  if (kind === 'special' && isFloat && from.transport === 'rest' && to === 'seldon')
    return /NaN or infinities/;
  const isWide = datatype.endsWith('INT64') && (kind === 'special' || kind === 'ordinary');
  if (isWide && from.transport === 'grpc' && to === 'seldon') return /integers above 2\^53/;
  return undefined;
}

test('a response becomes the request of a unit of another protocol, or is refused with the reason', {
  skip,
}, () => {
  const numpy = askNumpy();
  let count = 0;
  for (const encoding of ENCODINGS) {
    const { dialect, transport } = encoding;
    for (const other of DIALECTS.filter((name) => name !== dialect)) {
      const transcoder = transcoderOf(dialect, other, transport);
      assert.ok(transcoder !== undefined);
      for (const tensor of numpy.tensors) {
        const response = encoding.write(tensor, numpy);
        if (response === undefined) continue;
        const how = nameOf(tensor, encoding, other);
        const next = transcoder.request(response, 'm', true);
        const why = refusal(tensor, encoding, other);
        if (why !== undefined) {
          assert.ok('code' in next, how);
          assert.equal(next.code, 'MESSAGE_NOT_TRANSLATABLE', how);
          assert.match(next.info, why, how);
          continue;
        }
        assert.ok('body' in next, `${how}: ${textOf(next)}`);
        const sent = elementsOf(tensor.datatype, tensor.bytes, numpy);
        const asDoubles = transport === 'grpc' && (dialect === 'seldon' || other === 'seldon');
        assertElements(readRequest(other, transport, next, numpy), sent, asDoubles, how);
        count += 1;
      }
    }
  }
  assert.ok(count > 1000, `${count} cases`);
});

test('Seldon’s mean of numbers without a type is numpy’s in doubles', { skip }, () => {
  const numpy = askNumpy();
  const ofNumbers = ({ datatype, meanDatatype }: MeanCase): boolean =>
    meanDatatype === 'FP64' && datatype !== 'BOOL';
  for (const given of numpy.means.filter(ofNumbers)) {
    const wanted = [...(readValues('FP64', given.mean) ?? [])];
    const shape = JSON.stringify(given.shape);
    const message = (bytes: Buffer): Payload => {
      const values = elementsOf(given.datatype, bytes, numpy).map(Number);
      const data = { tensor: { shape: [...given.shape], values } };
      return grpc(SELDON_SCHEMA.write('Message', { data }));
    };
    const forms: readonly [Transport, readonly Payload[]][] = [
      ['rest', given.nested.map((text) => rest(`{"data":{"ndarray":${text}}}`))],
      [
        'rest',
        given.flat.map((text) => rest(`{"data":{"tensor":{"shape":${shape},"values":${text}}}}`)),
      ],
      ['grpc', given.raw.map(message)],
    ];
    for (const [transport, responses] of forms) {
      const how = `${given.datatype} ${textOf(responses[0] ?? '')}`;
      const mean = messagesOf('seldon', transport).average(responses);
      if (wanted.some((value) => !Number.isFinite(value))) {
        assert.ok('code' in mean && mean.code === 'MERGE_UNUSABLE', `${how}: ${textOf(mean)}`);
        continue;
      }
      assert.ok('body' in mean, `${how}: ${textOf(mean)}`);
      assertElements(readRequest('seldon', transport, mean, numpy), wanted, true, how);
    }
  }
});

test('ragged arrays are refused wherever they would have to be understood', () => {
  const ragged = '[[1,2],[3]]';
  const of: Readonly<Partial<Record<DialectName, string>>> = {
    seldon: `{"data":{"ndarray":${ragged}}}`,
    v2: `{"outputs":[{"name":"o","datatype":"FP64","shape":[2,2],"data":${ragged}}]}`,
    tensorflow: `{"predictions":${ragged}}`,
  };
  for (const dialect of DIALECTS) {
    const response = rest(of[dialect] ?? '');
    const mean = messagesOf(dialect, 'rest').average([response, response]);
    assert.ok('code' in mean && mean.code === 'MERGE_UNUSABLE', `${dialect}: ${textOf(mean)}`);
    for (const other of DIALECTS.filter((name) => name !== dialect)) {
      const next = transcoderOf(dialect, other, 'rest')?.request(response, 'm', true);
      assert.ok(next !== undefined && 'code' in next, `${dialect} to ${other}`);
      assert.equal(next.code, 'MESSAGE_NOT_TRANSLATABLE');
      assert.match(next.info, /ragged/);
    }
  }
});
