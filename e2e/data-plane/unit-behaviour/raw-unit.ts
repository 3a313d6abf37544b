// A REST unit made of bytes: reads whole requests, or only their heads, and plays what the behaviour that the header
// `x-behave` names has to say, down to where bytes are cut and connections broken.
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Step =
  | string
  | Buffer
  | { readonly waitMs: number }
  /** Closes the unit's side. */
  | 'CLOSE'
  | 'RESET';

export interface Script {
  /** Plays at the head of the request, without waiting for its body. */
  readonly early?: boolean;
  readonly steps: readonly Step[];
}

export interface RawUnit {
  readonly port: number;
  close(): Promise<void>;
}

/** A connection that a behaviour has left in disorder does not serve another one. */
const RETIRE_MS = 150;

export async function startRawUnit(find: (name: string) => Script | undefined): Promise<RawUnit> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let held: Buffer = Buffer.alloc(0);
    let early = false;
    let retire: NodeJS.Timeout | undefined;
    const perform = (steps: readonly Step[]): void => {
      void play(socket, steps).then(() => {
        retire = setTimeout(() => socket.destroy(), RETIRE_MS).unref();
      });
    };
    socket.on('data', (data: Buffer) => {
      clearTimeout(retire);
      held = Buffer.concat([held, data]);
      const headEnd = held.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = held.toString('latin1', 0, headEnd + 2);
      const script = find(/^x-behave: (.*)\r$/im.exec(head)?.[1] ?? '') ?? { steps: [] };
      if (script.early === true && !early) {
        early = true;
        perform(script.steps);
      }
      const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? 0);
      if (held.length < headEnd + 4 + length) return;
      held = held.subarray(headEnd + 4 + length);
      if (early) early = false;
      else perform(script.steps);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function play(socket: net.Socket, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (socket.destroyed) return;
    if (step === 'RESET') socket.resetAndDestroy();
    else if (step === 'CLOSE') socket.end();
    else if (typeof step === 'string') socket.write(step, 'latin1');
    else if (Buffer.isBuffer(step)) socket.write(step);
    else await sleep(step.waitMs, undefined, { ref: false });
  }
}
