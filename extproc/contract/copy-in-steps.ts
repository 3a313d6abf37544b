// Copies bodies for a thread, a piece in each turn of the event loop, since others may still send them. In: bodies; out: all of their
// bytes one after the other, in memory that can be handed over.

/** Bytes of a large message that are copied for a thread in one turn of the event loop. */
export const COPY_STEP_BYTES = 1024 * 1024;

/** Calls `done` once, in this turn where little is copied; `isCancelled` is asked in each turn. */
export function copyInSteps(
  bodies: readonly Buffer[],
  isCancelled: () => boolean,
  done: (bytes: Uint8Array<ArrayBuffer>) => void,
): void {
  const total = bodies.reduce((sum, body) => sum + body.length, 0);
  const bytes = new Uint8Array(new ArrayBuffer(total));
  let position = 0;
  let from = 0;
  let at = 0;
  const step = (): void => {
    if (isCancelled()) return;
    const until = at + COPY_STEP_BYTES;
    while (at < until) {
      const body = bodies[position];
      if (body === undefined) {
        done(bytes);
        return;
      }
      const piece = body.subarray(from, from + until - at);
      bytes.set(piece, at);
      at += piece.length;
      from += piece.length;
      if (from < body.length) continue;
      position++;
      from = 0;
    }
    setImmediate(step);
  };
  step();
}
