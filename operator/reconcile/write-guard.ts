// Counts how often the same object was written with the same content because somebody had changed it. That somebody is put right a few
// times; then it is a contest that nobody wins, and each round of it makes pods and ends them. Kept in memory: whoever keeps on
// meets a few more writes after a restart of the operator.
import type { KubeObject } from '../../lib/kube/object.ts';
import { ANNOTATIONS } from '../../cluster/names.ts';
import { kindAndName } from '../observe/contract.ts';

/** Writes of one content that are made within the time. */
export const MAX_REPEATS = 5;
const WINDOW_MS = 60 * 60_000;

interface Written {
  readonly name: string;
  readonly content: string;
  readonly timesMs: number[];
}

interface Guarded {
  readonly version: string;
  readonly objects: Map<string, Written>;
}

export class WriteGuard {
  readonly #guarded = new Map<string, Guarded>();

  /** An update has changed the object. `version`: of what is wanted and who says so; with another one everything begins anew. */
  note(key: string, version: string, object: KubeObject, nowMs: number): void {
    let guarded = this.#guarded.get(key);
    if (guarded?.version !== version) {
      guarded = { version, objects: new Map() };
      this.#guarded.set(key, guarded);
    }
    const name = kindAndName(object);
    const content = object.metadata.annotations?.[ANNOTATIONS.intent] ?? '';
    const known = guarded.objects.get(name);
    const timesMs = known?.content === content ? recent(known.timesMs, nowMs) : [];
    guarded.objects.set(name, { name, content, timesMs: [...timesMs, nowMs].slice(-MAX_REPEATS) });
  }

  /** Names (`nameOf`) of what has been put right too often. */
  undone(key: string, version: string, nowMs: number): readonly string[] {
    const guarded = this.#guarded.get(key);
    if (guarded?.version !== version) return [];
    return [...guarded.objects.values()]
      .filter(({ timesMs }) => recent(timesMs, nowMs).length >= MAX_REPEATS)
      .map(({ name }) => name)
      .sort();
  }

  forget(key: string): void {
    this.#guarded.delete(key);
  }
}

function recent(timesMs: readonly number[], nowMs: number): number[] {
  return timesMs.filter((time) => nowMs - time < WINDOW_MS);
}
