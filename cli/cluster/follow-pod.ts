// One pod's samples, over a connection that the API server makes to the pod's loopback address; and why there are none.
import type { Duplex } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { LIVE_PATH, PORTS } from '../../cluster/names.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { describeError, KubeError } from '../../lib/kube/error.ts';
import { openPodPort, PodPortError } from '../../lib/kube/pod-port.ts';
import { request } from '../../lib/runtime/node-http.ts';
import type { LiveSample, Wanted } from '../../sidecar/live/sample.ts';
import { parseLiveSample } from '../../sidecar/live/wire.ts';
import type { LiveNoteCode } from './notes.ts';
import { readEvents } from './read-events.ts';

/** Samples come every second; without one for so long the connection is given up, ms. */
const SILENCE_MS = 10_000;

export interface PodPlace {
  readonly namespace: string;
  readonly pod: string;
}

/** Why a pod tells nothing; `undefined` for what passes by itself. */
export class PodSilence extends Error {
  readonly code: LiveNoteCode | undefined;

  constructor(code: LiveNoteCode | undefined, message: string) {
    super(message);
    this.name = 'PodSilence';
    this.code = code;
  }
}

/** Throws a PodSilence when there are none, or no more; the signal's reason when it is aborted. */
export async function* followPod(
  client: KubeClient,
  place: PodPlace,
  wants: Wanted,
  signal: AbortSignal,
): AsyncGenerator<LiveSample> {
  let stream: Duplex | undefined;
  // Whoever leaves closes the connection.
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let hasTold = false;
  const wait = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => stream?.destroy(new Error('it says nothing')), SILENCE_MS);
  };
  try {
    stream = await openPodPort(
      client,
      { ...place, port: PORTS.live },
      AbortSignal.any([signal, over.signal]),
    );
    const opened = stream;
    signal.addEventListener('abort', () => opened.destroy(), { once: true, signal: over.signal });
    wait();
    const response = await ask(stream, wants === 'counters' ? `${LIVE_PATH}?counters` : LIVE_PATH);
    if (response.statusCode === 503) throw new PodSilence('POD_BUSY', 'too many watch it already');
    if (response.statusCode !== 200)
      throw new PodSilence('POD_SILENT', `its port ${PORTS.live} is not that of the sidecars`);
    for await (const event of readEvents(response)) {
      wait();
      const parsed = parseLiveSample(event);
      hasTold = true;
      if (parsed.kind === 'sample') yield parsed.sample;
      else throw new PodSilence('POD_VERSION', `it reports data of version ${parsed.version}`);
    }
    throw new PodSilence(undefined, 'the connection ended');
  } catch (thrown) {
    signal.throwIfAborted();
    // Pods end. If there is more to it, the next attempt says so.
    if (hasTold && !(thrown instanceof PodSilence))
      throw new PodSilence(undefined, 'the connection ended');
    throw explain(thrown, place);
  } finally {
    clearTimeout(timer);
    over.abort();
    stream?.destroy();
  }
}

function ask(stream: Duplex, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { path, headers: { host: 'localhost' }, createConnection: () => stream },
      resolve,
    );
    outgoing.on('error', reject);
    // Where the pod refuses, what refused it is told by the stream.
    stream.on('error', reject);
    outgoing.end();
  });
}

function explain(thrown: unknown, { pod }: PodPlace): PodSilence {
  if (thrown instanceof PodSilence) return thrown;
  if (thrown instanceof PodPortError) {
    return /refused/i.test(thrown.message)
      ? new PodSilence('POD_SILENT', `its sidecars do not listen on port ${PORTS.live}`)
      : new PodSilence('POD_UNREACHABLE', thrown.message);
  }
  if (thrown instanceof KubeError) {
    if (thrown.status === 403)
      return new PodSilence('FORWARD_FORBIDDEN', thrown.words || thrown.message);
    // Its node may be what is not found, and is called a pod too.
    if (thrown.isNotFound && thrown.words.includes(`"${pod}"`))
      return new PodSilence(undefined, 'it is gone');
  }
  return new PodSilence('POD_UNREACHABLE', describeError(thrown));
}
