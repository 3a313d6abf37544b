// Messages between a graph of one protocol and a unit of another. In: messages of the one; out: the same said in the other, or
// MESSAGE_NOT_TRANSLATABLE. What the unit's protocol has no place for (meta, id, names) is kept from what it was asked with.
import type { DialectName, Transport } from '../../graph/plan/plan.ts';
import type { Payload, Unusable } from '../payload.ts';
import { MAX_SPLAT } from '../tensorflow/tensors-grpc.ts';
import { isMostlyEmpty, MAX_NAMES_BYTES, type Said, type Speaker, untranslatable } from './said.ts';
import { SELDON_GRPC_SPEAKER } from './seldon-grpc.ts';
import { SELDON_REST_SPEAKER } from './seldon-rest.ts';
import { TENSORFLOW_GRPC_SPEAKER } from './tensorflow-grpc.ts';
import { TENSORFLOW_REST_SPEAKER } from './tensorflow-rest.ts';
import { V2_GRPC_SPEAKER } from './v2-grpc.ts';
import { V2_REST_SPEAKER } from './v2-rest.ts';

export interface Transcoder {
  /**
   * What the unit named `model` is called with: the message of the graph, a client's request or another unit's response, in the unit's
   * protocol. `isAnswer`: it is a response, which over gRPC some messages do not tell by themselves.
   */
  request(message: Payload, model: string, isResponse?: boolean): Payload | Unusable;
  /** The unit's response as one of the graph's protocol. `asked`: the message that `request` was given. */
  response(response: Payload, asked: Payload, model: string): Payload | Unusable;
  /** What is made besides the message, bytes; an upper bound. */
  bytesMade(message: Payload): number;
}

const SPEAKERS: Readonly<Record<Transport, Readonly<Partial<Record<DialectName, Speaker>>>>> = {
  rest: {
    seldon: SELDON_REST_SPEAKER,
    v2: V2_REST_SPEAKER,
    tensorflow: TENSORFLOW_REST_SPEAKER,
  },
  grpc: {
    seldon: SELDON_GRPC_SPEAKER,
    v2: V2_GRPC_SPEAKER,
    tensorflow: TENSORFLOW_GRPC_SPEAKER,
  },
};

/**
 * The text of each element twice, brackets around it, and what is written before and behind. Over gRPC a number of a byte or more is a text
 * of up to 25, and in a list.
 */
const COPIES: Readonly<Record<Transport, number>> = { rest: 4, grpc: 64 };
const ENVELOPE_BYTES = 4096;
/** What is written that no byte of the message stands for: names of rows; a splat's numbers. */
const EXTRA_BYTES: Readonly<Record<Transport, number>> = {
  rest: MAX_NAMES_BYTES,
  grpc: COPIES.grpc * MAX_SPLAT,
};

function readWith(speaker: Speaker, message: Payload, isResponse: boolean): Said | string {
  const said = speaker.read(message, isResponse);
  const isWritable = typeof said === 'string' || !isMostlyEmpty(said);
  return isWritable ? said : 'its tensors hold nothing but empty lists, too many of them';
}

function orRefuse(written: Payload | string): Payload | Unusable {
  return typeof written === 'string' ? untranslatable(written) : written;
}

/** Undefined where both are the same, or do not understand each other over the transport. */
export function createTranscoder(
  graph: DialectName,
  unit: DialectName,
  transport: Transport,
): Transcoder | undefined {
  const ours = SPEAKERS[transport][graph];
  const theirs = SPEAKERS[transport][unit];
  if (graph === unit || ours === undefined || theirs === undefined) return undefined;
  return {
    request(message, model, isResponse = false) {
      const said = readWith(ours, message, isResponse);
      return typeof said === 'string'
        ? untranslatable(said)
        : orRefuse(theirs.writeRequest(said, model));
    },
    response(response, asked, model) {
      const said = readWith(theirs, response, true);
      return typeof said === 'string'
        ? untranslatable(said)
        : orRefuse(ours.writeResponse(said, asked, model));
    },
    bytesMade: ({ body }) =>
      COPIES[transport] * body.length + EXTRA_BYTES[transport] + ENVELOPE_BYTES,
  };
}
