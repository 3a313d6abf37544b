// The certificate that another program keeps (cert-manager): files of a mounted Secret. In: the folder; out: what it holds, and again
// whenever that is another. Nothing is made, signed or written here; the caBundle is that program's too.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../lib/kube/backoff.ts';
import type { Log } from '../../lib/runtime/log.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import type { KeyPair } from './make.ts';

/** The kubelet takes up to a minute to bring a renewed Secret; a certificate is renewed weeks before its end. */
const LOOK_MS = 10_000;

export class MountedCertificate {
  readonly #dir: string;
  readonly #log: Log;
  readonly #lookMs: number;
  #served: KeyPair | undefined;

  constructor(dir: string, log: Log, lookMs: number = LOOK_MS) {
    this.#dir = dir;
    this.#log = log;
    this.#lookMs = lookMs;
  }

  /** Throws while the files are not there. */
  async load(): Promise<KeyPair> {
    this.#served = await this.#read();
    return this.#served;
  }

  get hasSynced(): boolean {
    return this.#served !== undefined;
  }

  /** Nothing that only a leader may do. */
  setLeader(): void {
    // Every replica reads for itself.
  }

  async run(signal: AbortSignal, onLeaf: (leaf: KeyPair) => void): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#lookMs, signal);
      if (signal.aborted) return;
      try {
        const leaf = await this.#read();
        const { cert, key } = this.#served ?? {};
        if (leaf.cert === cert && leaf.key === key) continue;
        onLeaf(leaf);
        this.#served = leaf;
        this.#log.info({ dir: this.#dir }, 'another certificate is served');
      } catch (error) {
        // What is served goes on: the files may be replaced at this moment.
        this.#log.warn(
          { error: describeThrown(error) },
          'the mounted certificate cannot be taken over',
        );
      }
    }
  }

  async #read(): Promise<KeyPair> {
    const [cert, key] = await Promise.all(
      ['tls.crt', 'tls.key'].map((name) => readFile(join(this.#dir, name), 'utf8')),
    );
    return { cert: cert ?? '', key: key ?? '' };
  }
}
