// What both transports do with payloads: their bodies alone, and the first one with another body.
import type { Payload, Unusable } from '../payload.ts';

export function bodiesOf(payloads: readonly Payload[]): Buffer[] {
  return payloads.map(({ body }) => body);
}

/** The first response with what `average` makes of all bodies, for protocols whose bodies say all. */
export function averagePayload(
  responses: readonly Payload[],
  average: (bodies: readonly Buffer[]) => Buffer | Unusable,
): Payload | Unusable {
  const body = average(bodiesOf(responses));
  if ('code' in body) return body;
  return { body, contentType: responses[0]?.contentType, layout: undefined };
}
