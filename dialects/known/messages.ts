// The messages of every protocol, by its name and the transport. Apart from the table of dialects, so that whoever renders
// configuration does not load what reads bytes.
import type { DialectName, Transport } from '../../graph/plan/plan.ts';
import { OPENAI_GRPC } from '../openai/grpc-messages.ts';
import { OPENAI_REST } from '../openai/rest-messages.ts';
import type { Messages } from '../dialect.ts';
import { SELDON_GRPC } from '../seldon/grpc-messages.ts';
import { SELDON_REST } from '../seldon/rest-messages.ts';
import { TENSORFLOW_GRPC } from '../tensorflow/grpc-messages.ts';
import { TENSORFLOW_REST } from '../tensorflow/rest-messages.ts';
import { V2_GRPC } from '../v2/grpc-messages.ts';
import { V2_REST } from '../v2/rest-messages.ts';

const MESSAGES: Readonly<Record<DialectName, Readonly<Record<Transport, Messages>>>> = {
  seldon: { rest: SELDON_REST, grpc: SELDON_GRPC },
  v2: { rest: V2_REST, grpc: V2_GRPC },
  tensorflow: { rest: TENSORFLOW_REST, grpc: TENSORFLOW_GRPC },
  openai: { rest: OPENAI_REST, grpc: OPENAI_GRPC },
};

export function messagesOf(dialect: DialectName, transport: Transport): Messages {
  return MESSAGES[dialect][transport];
}
