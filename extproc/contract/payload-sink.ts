// The seam for payload logs: the walk says what goes into a unit and what comes out of it, at the units whose plan asks for it.
import type { Exchange } from './exchange.ts';
import type { Message } from './message.ts';

export type PayloadKind = 'request' | 'response' | 'feedback';

export interface PayloadSink {
  /** Never throws and never waits; the bytes are copied, since those of the message are lent. */
  log(unit: number, kind: PayloadKind, message: Message, exchange: Exchange): void;
  /** The plan is not run any more, and nothing more is logged; what waits is still sent. */
  close(): void;
}
