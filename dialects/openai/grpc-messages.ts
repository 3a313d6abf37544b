// The protocol has nothing over gRPC, and no route of Envoy's leads here; a walk needs messages all the same.
import type { Messages } from '../dialect.ts';
import { SELDON_GRPC } from '../seldon/grpc-messages.ts';

export const OPENAI_GRPC: Messages = { ...SELDON_GRPC, dialect: 'openai', routing: undefined };
