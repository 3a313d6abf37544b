// Payloads and edits as tests write and read them.
import { applyEdits, type Edits, type Payload, type Unusable } from '../payload.ts';

export function rest(text: string, contentType = 'application/json'): Payload {
  return { body: Buffer.from(text), contentType, layout: undefined };
}

/** JSON with tensors behind it. */
export function binary(json: string, ...tensors: readonly Buffer[]): Payload {
  const head = Buffer.from(json);
  return {
    body: Buffer.concat([head, ...tensors]),
    contentType: 'application/octet-stream',
    layout: String(head.length),
  };
}

export function grpc(body: Buffer): Payload {
  return { body, contentType: undefined, layout: undefined };
}

/** The edited message; a text that begins with the code where there is none. */
export function edited(payload: Payload, edits: Edits | Unusable | undefined): Payload | string {
  if (edits === undefined) return payload;
  if ('code' in edits) return `${edits.code} ${edits.info}`;
  const { contentType, layout } = edits;
  return { body: Buffer.concat(applyEdits(payload.body, edits.edits)), contentType, layout };
}

/** The text of the body, or what is wrong. */
export function textOf(payload: Payload | Unusable | string): string {
  if (typeof payload === 'string') return payload;
  return 'code' in payload ? `${payload.code} ${payload.info}` : payload.body.toString('latin1');
}
