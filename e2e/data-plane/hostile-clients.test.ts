// One client attacks, another one measures: whatever the first does with connections, streams, headers and bodies, the second is
// answered, in time, and Envoy stays within its bounds.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import net from 'node:net';
import { describe, test } from 'node:test';
import { assertUnharmed, startBystander } from '../harness/bystander.ts';
import { PREDICT } from '../harness/client.ts';
import { deployment, model, type Node } from '../harness/manifest.ts';
import { type RunOptions, type Running, runGraph } from '../harness/run.ts';

const MIB = 1024 * 1024;
const QUIET_MS = 1500;
const ATTACK_MS = 4000;
/** Between a response and the bystander's next request: the attack has the machine's two cores as well. */
const PAUSE_MS = 5;
/** A unit that takes 1.2 GB in, or is asked for as much, lets others wait; how long is its own affair. */
const UNIT_BUSY_MS = 3000;
/** What is parsed without end keeps Envoy's worker busy, a turn of 256 KiB of each connection before others have theirs. */
const FLOOD_MS = 1000;

interface Attack {
  /** Starts it; what it opens is closed by `stop`. */
  start(port: number): () => void;
  readonly fresh?: boolean;
  readonly maxRssMib: number;
  /** Where the attack keeps the unit itself or Envoy's one worker busy, for which everybody waits. */
  readonly floorMs?: number;
  readonly options?: RunOptions;
  readonly annotations?: Readonly<Record<string, string>>;
}

const PLACES: Readonly<Record<string, (port: number) => Node>> = {
  native: (port) => model('m', port),
  walk: (port) => ({ name: 't', type: 'TRANSFORMER', port, children: [model('m', port)] }),
};

async function underAttack(place: string, attack: Attack): Promise<void> {
  const bystander = await startBystander();
  // In a process of their own, so that what the attack costs them does not hold up the one that measures.
  const units = await startBystander();
  const graph = PLACES[place]?.(units.echoPort) ?? model('m', units.echoPort);
  const running = await runGraph(deployment(graph, attack.annotations), attack.options);
  const watch = (ms: number) =>
    bystander.watch({
      port: running.port,
      ms,
      connections: 1,
      pauseMs: PAUSE_MS,
      fresh: attack.fresh ?? false,
    });
  try {
    await watch(QUIET_MS);
    await assertUnharmed({
      what: place,
      rest: () => watch(QUIET_MS),
      attack: () => {
        const stop = attack.start(running.port);
        return watch(ATTACK_MS).finally(stop);
      },
      floorMs: attack.floorMs,
    });
    const rss = highestRss(running);
    assert.ok(rss < attack.maxRssMib * MIB, `Envoy held ${rss / MIB} MiB`);
  } finally {
    bystander.stop();
    await running.stop();
    units.stop();
  }
}

function highestRss(running: Running): number {
  const [pid] = running.envoyPids();
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]);
}

/** Opens `count` connections, and writes to each. */
function flood(port: number, count: number, write: (socket: net.Socket) => void): () => void {
  const sockets = Array.from({ length: count }, () => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    write(socket);
    return socket;
  });
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

const head = (fields: string): string =>
  `POST ${PREDICT} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${fields}`;

const windowZero: Attack['start'] = (port) => {
  const session = http2.connect(`http://127.0.0.1:${port}`, {
    settings: { initialWindowSize: 0 },
  });
  session.on('error', () => undefined);
  for (let at = 0; at < 400; at++) {
    const stream = session.request({
      ':method': 'POST',
      ':path': PREDICT,
      'content-type': 'application/json',
      'x-answer-bytes': String(3 * MIB),
    });
    stream.on('error', () => undefined);
    stream.end('{}');
  }
  return () => session.destroy();
};

const stalledUploads: Attack['start'] = (port) => {
  const piece = Buffer.alloc(MIB, ' ');
  return flood(port, 40, (socket) => {
    socket.write(head(`content-length: ${32 * MIB}\r\n\r\n`));
    let left = 31;
    const more = (): void => {
      while (left-- > 0 && !socket.destroyed) if (!socket.write(piece)) return;
    };
    socket.on('drain', more);
    more();
  });
};

describe('the other client is served', { skip: process.platform !== 'linux' }, () => {
  test('while 400 HTTP/2 streams ask for 3 MiB each and read nothing', () =>
    underAttack('native', { start: windowZero, maxRssMib: 400, floorMs: UNIT_BUSY_MS }));

  test('while 40 uploads of 32 MiB stop at 31, straight to a unit', () =>
    underAttack('native', { start: stalledUploads, maxRssMib: 300, floorMs: UNIT_BUSY_MS }));

  test('while 40 uploads of 32 MiB stop at 31, on a walk', () =>
    underAttack('walk', { start: stalledUploads, maxRssMib: 300 }));

  test('while 1,100 connections stay idle and 1,024 files may be open, over a connection of before', () =>
    underAttack('native', {
      start: (port) => flood(port, 1100, () => undefined),
      maxRssMib: 200,
      options: { openFiles: 1024 },
    }));

  // All at once would pass the bound between two looks of Envoy at it: what comes then is closed.
  test('and over new connections, while they come within four seconds', () =>
    underAttack('native', {
      start: (port) => {
        const stops: (() => void)[] = [];
        const more = setInterval(() => {
          if (stops.length < 44) stops.push(flood(port, 25, () => undefined));
        }, 85);
        return () => {
          clearInterval(more);
          for (const stop of stops) stop();
        };
      },
      fresh: true,
      maxRssMib: 200,
      options: { openFiles: 1024 },
    }));

  test('while 200 requests send headers without end', () => {
    const line = `x-h: ${'a'.repeat(8000)}\r\n`;
    return underAttack('native', {
      start: (port) => flood(port, 200, (socket) => socket.write(head(line.repeat(40)))),
      maxRssMib: 300,
      floorMs: FLOOD_MS,
    });
  });

  test('while 8 connections send an extension of a chunk without end', () =>
    underAttack('native', {
      start: (port) => {
        const piece = Buffer.alloc(64 * 1024, 'a');
        return flood(port, 8, (socket) => {
          const more = (): void => {
            while (!socket.destroyed) if (!socket.write(piece)) return;
          };
          socket.on('drain', more);
          socket.write(head('transfer-encoding: chunked\r\n\r\n1;'));
          more();
        });
      },
      maxRssMib: 200,
      floorMs: FLOOD_MS,
    }));
});
