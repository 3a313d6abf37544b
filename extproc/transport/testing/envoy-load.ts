// Plays Envoy over a unix socket, in a process of its own: headers and body at once, then a reset when the replies are in, with
// so many streams open at a time.
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { COLLECTED } from '../../contract/bodies.ts';
import { PREFACE, SETTING, buildSettings } from '../../../lib/codecs/http2/frames.ts';
import { FrameReader } from '../../../lib/codecs/http2/reader.ts';
import { MessageSplitter } from '../messages.ts';
import type { MessageSink } from '../messages.ts';
import { CHUNK_BYTES } from '../reply.ts';
import { requestFrames, requestMessages, resetFrame, windowFrame } from './envoy-messages.ts';

export interface EnvoyJob {
  readonly path: string;
  readonly streams: number;
  readonly bodyBytes: number;
  readonly seconds: number;
}

export interface EnvoyLoad {
  /** How many requests were answered. */
  run(job: EnvoyJob): Promise<number>;
  stop(): void;
}

export function startEnvoyLoad(): EnvoyLoad {
  const child = fork(import.meta.filename, [], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  return {
    run: (job) =>
      new Promise((resolve) => {
        child.once('message', resolve);
        child.send(job);
      }),
    stop: () => void child.kill(),
  };
}

/** One stream of the client: over when the headers' reply and the last chunk of the body are in. */
class ClientStream implements MessageSink {
  readonly splitter = new MessageSplitter(this);
  readonly lend = COLLECTED.lend;
  #repliesLeft: number;
  readonly #over: () => void;

  constructor(replies: number, over: () => void) {
    this.#repliesLeft = replies;
    this.#over = over;
  }

  wants(): boolean {
    return true;
  }

  take(): void {
    if (--this.#repliesLeft === 0) this.#over();
  }
}

/** Plays exchanges for some time; returns how many. */
function drive({ path, streams, bodyBytes, seconds }: EnvoyJob): Promise<number> {
  const messages = requestMessages('0123456789abcdef/predict-rest', Buffer.alloc(bodyBytes, '1'));
  const socket = connect(path);
  const open = new Map<number, ClientStream>();
  let exchanges = 0;
  let nextId = 1;
  let out: Buffer[] = [];
  let current: ClientStream | undefined;
  let credit = 0;
  const begin = () => {
    const id = nextId;
    nextId += 2;
    const stream = new ClientStream(1 + Math.ceil(bodyBytes / CHUNK_BYTES), () => {
      out.push(resetFrame(id));
      open.delete(id);
      exchanges++;
      begin();
    });
    open.set(id, stream);
    out.push(...requestFrames(id, messages));
  };
  const reader = new FrameReader(
    {
      dataStart: (id, bytes) => {
        current = open.get(id);
        credit += bytes;
        return 0;
      },
      dataPiece: (chunk, start, end) => (current?.splitter.push(chunk, start, end) ? 0 : 1),
      dataEnd: () => 0,
      frame: () => 0,
    },
    1 << 20,
  );
  const flush = () => {
    if (credit > 1 << 22) {
      out.push(windowFrame(credit));
      credit = 0;
    }
    if (out.length > 0) socket.write(Buffer.concat(out));
    out = [];
  };
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      if (reader.push(chunk as Buffer, 0) !== 0) reject(new Error('the server sent no HTTP/2'));
      flush();
    });
    out.push(
      PREFACE,
      buildSettings([[SETTING.INITIAL_WINDOW_SIZE, 1 << 24]]),
      windowFrame(1 << 28),
    );
    for (let index = 0; index < streams; index++) begin();
    flush();
    setTimeout(() => {
      socket.destroy();
      resolve(exchanges);
    }, seconds * 1000);
  });
}

if (process.argv[1] === import.meta.filename) {
  process.on('message', (job: EnvoyJob) => {
    void drive(job).then((exchanges) => process.send?.(exchanges));
  });
}
