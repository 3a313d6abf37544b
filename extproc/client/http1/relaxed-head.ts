// Heads that a strict reader refuses and Envoy takes: lines that end with a bare line feed, and folded lines (RFC 9112 §2.2,
// §5.2). In: the bytes of a response; out: the same head with CRLF and without folds, for the strict parser to judge. The
// same unit then serves at every place of a graph. What two readers could take for two different responses stays refused.

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;

/** Offset behind the empty line that ends a head, whatever its lines end with; −1 when there is none yet. */
export function findHeadEnd(bytes: Buffer, from: number, end: number): number {
  for (let at = from; at < end; ) {
    const lf = bytes.indexOf(LF, at);
    if (lf < 0 || lf >= end) return -1;
    if (lf + 1 < end && bytes[lf + 1] === LF) return lf + 2;
    if (lf + 2 < end && bytes[lf + 1] === CR && bytes[lf + 2] === LF) return lf + 3;
    at = lf + 1;
  }
  return -1;
}

/** The head in `bytes[start, end)`, which ends with its empty line, as a strict sender would have written it. */
export function straightenHead(bytes: Buffer, start: number, end: number): Buffer {
  const out = Buffer.allocUnsafe(2 * (end - start));
  let length = 0;
  let lines = 0;
  for (let at = start; at < end; ) {
    const lf = bytes.indexOf(LF, at);
    const lineEnd = lf > at && bytes[lf - 1] === CR ? lf - 1 : lf;
    const first = bytes[at];
    // A fold belongs to the line before it; the first two lines have none that it could continue.
    if (lines > 1 && lineEnd > at && (first === SPACE || first === TAB)) length -= 2;
    length += bytes.copy(out, length, at, lineEnd);
    out[length++] = CR;
    out[length++] = LF;
    lines++;
    at = lf + 1;
  }
  return out.subarray(0, length);
}
