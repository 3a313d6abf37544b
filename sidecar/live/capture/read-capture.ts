// A capture out of a file or of what was posted: anybody may have written it, so what is missing or wrong in it counts as absent, and
// what cannot be sent or compared is none.
import type { CopiedBody } from '../../../extproc/live/copied-body.ts';
import {
  isPlainObject,
  type JsonObject,
  numberOf,
  objectAt,
  objectOf,
  objectsAt,
  textAt,
} from '../../../graph/plan/json-value.ts';
import {
  CAPTURE_VERSION,
  type Capture,
  type CapturedCall,
  type CapturedHeader,
  type CapturedMessage,
} from '../captured.ts';
import { readRequest } from '../wire.ts';

/** Undefined for what is no capture of this version. */
export function readCapture(value: unknown): Capture | undefined {
  const fields = objectOf(value);
  const path = textAt(fields, 'path');
  const request = readRequest(objectAt(fields, 'request'));
  const isOne = fields['version'] === CAPTURE_VERSION && path.startsWith('/');
  if (!isOne || !/^[A-Z]{1,20}$/.test(request.method)) return undefined;
  return {
    version: CAPTURE_VERSION,
    id: numberOf(fields['id']),
    transport: fields['transport'] === 'grpc' ? 'grpc' : 'rest',
    path,
    asked: readMessage(objectAt(fields, 'asked')),
    response: readMessage(objectAt(fields, 'response')),
    calls: objectsAt(fields, 'calls').map(readCall),
    request: { ...request, capture: nullable(objectAt(fields, 'request'), 'capture', 'number') },
  };
}

function readMessage(value: JsonObject): CapturedMessage {
  const headers = objectsAt(value, 'headers').map(
    (header): CapturedHeader => ({
      name: textAt(header, 'name').toLowerCase(),
      value: nullable(header, 'value', 'string'),
    }),
  );
  return { headers, body: readBody(objectAt(value, 'body')) };
}

function readBody(value: JsonObject): CopiedBody {
  return {
    contentType: nullable(value, 'contentType', 'string'),
    contentEncoding: nullable(value, 'contentEncoding', 'string'),
    bytes: numberOf(value['bytes']),
    base64: textAt(value, 'base64'),
    isCut: value['isCut'] === true,
  };
}

function readCall(value: JsonObject): CapturedCall {
  const { received } = value;
  return {
    unit: textAt(value, 'unit'),
    verb: textAt(value, 'verb'),
    by: value['by'] === 'envoy' ? 'envoy' : 'filter',
    atMs: nullable(value, 'atMs', 'number'),
    ms: nullable(value, 'ms', 'number'),
    status: nullable(value, 'status', 'number'),
    sent: readBody(objectAt(value, 'sent')),
    received: isPlainObject(received) ? readBody(received) : null,
  };
}

function nullable(value: JsonObject, name: string, type: 'string'): string | null;
function nullable(value: JsonObject, name: string, type: 'number'): number | null;
function nullable(
  value: JsonObject,
  name: string,
  type: 'string' | 'number',
): string | number | null {
  const found = value[name];
  if (type === 'string') return typeof found === 'string' ? found : null;
  return typeof found === 'number' ? found : null;
}
