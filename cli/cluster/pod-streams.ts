// The samples of many pods at a time: a connection for each pod that is wanted, made anew when it breaks, with so many pods and so many
// attempts at a time. What each pod is at is known throughout.
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../../lib/kube/client.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import type { LiveSample, Wanted } from '../../sidecar/live/sample.ts';
import type { LivePod } from '../../sidecar/live/state.ts';
import { followPod, PodSilence } from './follow-pod.ts';
import type { LiveNoteCode } from './notes.ts';

/** Pods that one command watches at a time. */
export const MAX_WATCHED_PODS = 64;
const MAX_CONNECTING = 8;
const LEAST_WAIT_MS = 1000;
const MOST_WAIT_MS = 15_000;
/** What is forbidden or missing is not there a second later. */
const REFUSED_WAIT_MS = 30_000;

export interface PodStatus {
  readonly state: LivePod['state'];
  readonly why: string;
  readonly code: LiveNoteCode | undefined;
}

export interface StreamEvents {
  readonly sample: (pod: string, sample: LiveSample) => void;
  /** What a pod is at has changed. */
  readonly changed: () => void;
}

interface Stream {
  readonly over: AbortController;
  status: PodStatus;
}

const CONNECTING: PodStatus = { state: 'connecting', why: '', code: undefined };

export class PodStreams {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #wants: Wanted;
  readonly #events: StreamEvents;
  readonly #streams = new Map<string, Stream>();
  readonly #waiting: (() => void)[] = [];
  #connecting = 0;

  constructor(client: KubeClient, namespace: string, wants: Wanted, events: StreamEvents) {
    this.#client = client;
    this.#namespace = namespace;
    this.#wants = wants;
    this.#events = events;
  }

  /** These pods and no others. */
  want(pods: readonly string[]): void {
    const wanted = new Set(pods);
    for (const [pod, { over }] of this.#streams) {
      if (wanted.has(pod)) continue;
      over.abort();
      this.#streams.delete(pod);
    }
    for (const pod of wanted) {
      if (this.#streams.has(pod)) continue;
      const stream: Stream = { over: new AbortController(), status: CONNECTING };
      this.#streams.set(pod, stream);
      void this.#run(pod, stream);
    }
  }

  /** Undefined for a pod that is not wanted. */
  statusOf(pod: string): PodStatus | undefined {
    return this.#streams.get(pod)?.status;
  }

  close(): void {
    this.want([]);
  }

  async #run(pod: string, stream: Stream): Promise<void> {
    const { signal } = stream.over;
    let waitMs = LEAST_WAIT_MS;
    while (!signal.aborted) {
      const silence = await this.#follow(pod, stream, () => {
        waitMs = LEAST_WAIT_MS;
      });
      if (silence === undefined) return;
      this.#note(stream, { state: 'silent', why: silence.message, code: silence.code });
      const isRefused = silence.code === 'FORWARD_FORBIDDEN' || silence.code === 'POD_SILENT';
      const pauseMs = isRefused ? REFUSED_WAIT_MS : waitMs;
      waitMs = Math.min(2 * waitMs, MOST_WAIT_MS);
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Why it ended; undefined where nobody wants it any more. */
  async #follow(pod: string, stream: Stream, told: () => void): Promise<PodSilence | undefined> {
    const { signal } = stream.over;
    const place = { namespace: this.#namespace, pod };
    let leave: (() => void) | undefined = await this.#enter();
    try {
      for await (const sample of followPod(this.#client, place, this.#wants, signal)) {
        leave?.();
        leave = undefined;
        told();
        this.#note(stream, { state: 'live', why: '', code: undefined });
        this.#events.sample(pod, sample);
      }
      return undefined;
    } catch (thrown) {
      if (signal.aborted) return undefined;
      return thrown instanceof PodSilence
        ? thrown
        : new PodSilence(undefined, describeThrown(thrown));
    } finally {
      leave?.();
    }
  }

  /** A place among those that connect; returns what gives it back. */
  async #enter(): Promise<() => void> {
    if (this.#connecting < MAX_CONNECTING) this.#connecting++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#connecting--;
      else next();
    };
  }

  #note(stream: Stream, status: PodStatus): void {
    const { state, why } = stream.status;
    if (stream.over.signal.aborted) return;
    stream.status = status;
    if (state !== status.state || why !== status.why) this.#events.changed();
  }
}
