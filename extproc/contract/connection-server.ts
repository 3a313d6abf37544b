// What the filter's process hands connections to. The supervisor owns the sockets; whoever serves one of them is this.
import type { Socket } from 'node:net';

/** What serves connections that the supervisor has accepted. */
export interface ConnectionServer {
  take(socket: Socket): void;
  /** Takes no more, lets what is in flight end, then resolves. */
  close(): Promise<void>;
}
