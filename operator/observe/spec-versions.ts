// Since which resourceVersion an object's spec is as it is now. Each write of a status raises the resourceVersion, so to ask whether
// somebody has seen *this* version is to ask anew after everything that we say ourselves; the generation counts specs alone.
import { keyOf } from '../../lib/kube/object.ts';
import type { KubeObject } from '../../lib/kube/object.ts';

interface Known {
  readonly uid: string | undefined;
  readonly generation: number;
  readonly resourceVersion: string;
}

export class SpecVersions {
  readonly #known = new Map<string, Known>();

  /**
   * The first resourceVersion at which this spec was seen: the one that it was written with, or one after it. Whoever has read
   * the object at that version, or later, has read this spec.
   */
  of(object: KubeObject): string {
    const { uid, generation = 0, resourceVersion = '' } = object.metadata;
    const key = keyOf(object);
    const known = this.#known.get(key);
    // Without a generation nothing tells a new spec from a new status.
    if (generation > 0 && known?.uid === uid && known?.generation === generation)
      return known.resourceVersion;
    this.#known.set(key, { uid, generation, resourceVersion });
    return resourceVersion;
  }

  forget(key: string): void {
    this.#known.delete(key);
  }
}
