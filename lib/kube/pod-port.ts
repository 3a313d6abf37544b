// A connection to a port of a pod, through the API server: what `kubectl port-forward` does for one connection, as a stream. It reaches
// what listens on the pod's loopback address too. The caller needs the right to `get` pods/portforward, and from Kubernetes 1.35 on
// `create` as well, since the connection is a WebSocket.
import { Duplex, Readable, Writable } from 'node:stream';
import { PortForward } from '@kubernetes/client-node';
import type { KubeClient } from './client.ts';
import { describeError, KubeError } from './error.ts';

export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** What reached the pod and was refused there, in the words of the node: mostly that nothing listens. */
export class PodPortError extends Error {}

/** Time for a connection, ms. */
const CONNECT_LIMIT_MS = 10_000;
/** Words of a node that are kept. */
const MAX_WORDS = 500;

type Socket = Awaited<ReturnType<PortForward['portForward']>>;

/**
 * Throws a KubeError where the API server says no or nothing. What goes wrong later, the pod's own refusal among it, is an error of
 * the stream.
 */
export async function openPodPort(
  client: KubeClient,
  where: PodPort,
  signal: AbortSignal,
): Promise<Duplex> {
  const input = new Readable({ read() {} });
  let socket: Socket | undefined;
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      input.push(chunk);
      done();
    },
    destroy(error, done) {
      close(socket);
      done(error);
    },
  });
  const output = sink((chunk) => void stream.push(chunk));
  const words = sink((chunk) => {
    const text = chunk.toString('utf8').trim().slice(0, MAX_WORDS);
    if (text !== '') stream.destroy(new PodPortError(text));
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_LIMIT_MS)]);
  const { namespace, pod, port } = where;
  const opening = new PortForward(client.config).portForward(
    namespace,
    pod,
    [port],
    output,
    words,
    input,
  );
  try {
    socket = await Promise.race([opening, aborted(limit)]);
  } catch (thrown) {
    // One that comes too late is not left open.
    opening.then(close, () => {});
    stream.destroy();
    signal.throwIfAborted();
    throw await explain(client, where, thrown);
  }
  listen(socket, stream);
  return stream;
}

function listen(socket: Socket, stream: Duplex): void {
  if (typeof socket === 'function') return;
  socket.onclose = () => stream.push(null);
  socket.onerror = (event: unknown) => stream.destroy(new Error(textOfEvent(event)));
}

function close(socket: Socket | undefined): void {
  if (socket !== undefined && typeof socket !== 'function') socket.close();
}

function sink(take: (chunk: Buffer) => void): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      take(chunk);
      done();
    },
  });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** A WebSocket that is refused says no more than a status. The same call without an upgrade says why, or that it needs one. */
async function explain(
  client: KubeClient,
  { namespace, pod, port }: PodPort,
  thrown: unknown,
): Promise<KubeError> {
  const words = thrown instanceof Error ? thrown.message : textOfEvent(thrown);
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/portforward`;
  try {
    await client.raw({ method: 'GET', path, query: { ports: String(port) }, isIdempotent: false });
  } catch (error) {
    if (error instanceof KubeError && error.status !== 400) return error;
  }
  const [, status = '0'] = /response: (\d{3})/.exec(words) ?? [];
  return new KubeError({
    status: Number(status),
    reason: status === '403' ? 'Forbidden' : 'NoAnswer',
    message: `GET ${path} was not upgraded: ${words}`,
    words: status === '403' ? 'a WebSocket to pods/portforward is forbidden' : words,
  });
}

function textOfEvent(event: unknown): string {
  if (typeof event === 'object' && event !== null && 'message' in event)
    return String(event.message);
  return describeError(event);
}
