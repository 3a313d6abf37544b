// SIMPLE_MODEL over REST: the constant response of Seldon's old engine, or the request's own strData or binData.
import { findMember, type Span, wholeValue } from '../../lib/codecs/json/find.ts';

const SUCCESS = '"status":{"status":"SUCCESS"}';
const METRICS =
  '"meta":{"metrics":[{"key":"mymetric_counter","type":"COUNTER","value":1},' +
  '{"key":"mymetric_gauge","type":"GAUGE","value":100},' +
  '{"key":"mymetric_timer","type":"TIMER","value":22.1}]}';
const DATA =
  '"data":{"names":["class0","class1","class2"],' +
  '"tensor":{"shape":[1,3],"values":[0.1,0.9,0.5]}}';

const HEAD = `{${SUCCESS},${METRICS},`;
const CONSTANT = Buffer.from(`${HEAD}${DATA}}`);
const STR_DATA = Buffer.from('strData');
const BIN_DATA = Buffer.from('binData');

function echo(body: Buffer, name: string, value: Span): Buffer {
  return Buffer.concat([
    Buffer.from(`${HEAD}"${name}":`),
    body.subarray(value.start, value.end),
    Buffer.from('}'),
  ]);
}

export function simpleModelJson(body: Buffer): Buffer {
  const whole = wholeValue(body);
  if (whole === undefined) return CONSTANT;
  const text = findMember(body, whole, STR_DATA);
  if (typeof text !== 'string') return echo(body, 'strData', text);
  const binary = findMember(body, whole, BIN_DATA);
  return typeof binary === 'string' ? CONSTANT : echo(body, 'binData', binary);
}
