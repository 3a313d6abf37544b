// How a V2 body is laid out: JSON, or JSON with the tensors' bytes behind it (the binary tensor extension, told by a header with the
// JSON's length; 0: the body is one tensor's bytes). In: a payload; out: the JSON to scan and where it ends.
import { JsonCursor } from '../../lib/codecs/json/cursor.ts';
import { withoutNonFinite } from '../../lib/codecs/json/non-finite.ts';
import type { Payload } from '../payload.ts';

export const LAYOUT_HEADER = 'inference-header-content-length';
export const BINARY_TYPE = 'application/octet-stream';

export interface Layout {
  /** The JSON, as it can be scanned: of the same length as in the body, but without NaN and infinities. */
  readonly json: Buffer;
  readonly isBinary: boolean;
}

/** Bytes of JSON at the head of the body; `invalid` for a header that says no length within it. */
export function jsonBytes({ body, layout }: Payload): number | 'invalid' {
  if (layout === undefined) return body.length;
  const bytes = /^\d{1,15}$/.test(layout) ? Number(layout) : Number.NaN;
  return bytes <= body.length ? bytes : 'invalid';
}

/** The same as a number that can be counted: none of a body that is not laid out as it says. */
export function scannedBytes(payload: Payload): number {
  const bytes = jsonBytes(payload);
  return bytes === 'invalid' ? 0 : bytes;
}

function isJsonObject(json: Buffer): boolean {
  const cursor = new JsonCursor(json);
  return cursor.isObject && cursor.isOver();
}

/** Undefined when the body has no JSON object where one is said to be; the JSON is valid otherwise. */
export function readLayout(payload: Payload): Layout | undefined {
  const bytes = jsonBytes(payload);
  if (bytes === 'invalid') return undefined;
  const isBinary = payload.layout !== undefined;
  const json = payload.body.subarray(0, bytes);
  if (isJsonObject(json)) return { json, isBinary };
  const scannable = withoutNonFinite(json);
  return scannable !== undefined && isJsonObject(scannable)
    ? { json: scannable, isBinary }
    : undefined;
}
