// The line of every path of a document, so that a finding can name it, and the keys that a mapping has twice. Read from the
// parser's events, beside the values, as a tree: its cost grows with the text, however long its keys and paths are.
import { EVENT_ID, getScalarValue, parseEvents } from 'js-yaml';
import type { Event } from 'js-yaml';
import { MANIFEST_LIMITS } from '../plan/limits.ts';

export interface DocumentLines {
  /** Line, from 1, of a path or of its nearest ancestor that was written. */
  lineOf(path: string): number | undefined;
  /** Paths of keys that their mapping had before, and their lines. */
  readonly repeated: readonly RepeatedKey[];
}

export interface RepeatedKey {
  readonly path: string;
  readonly line: number;
}

/** A written value: where its key, or the item of a list, begins. */
interface Node {
  readonly parent: Node | undefined;
  readonly key: string | number;
  line: number;
  children: Map<string | number, Node> | undefined;
}

interface Container {
  readonly node: Node;
  readonly isList: boolean;
  index: number;
  /** In a mapping: the node of the key that waits for its value. */
  waiting: Node | undefined;
}

/** More repeated keys of a document than these are not told. */
const MAX_REPEATED = 100;
/** Characters of a key in a path. */
const MAX_KEY_LENGTH = 100;

/** The lines of each document of a text, read when the first is asked for; none when the text is no YAML. */
export function openLines(text: string): (document: number) => DocumentLines | undefined {
  let documents: DocumentLines[] | undefined;
  return (document) => {
    documents ??= indexLines(text);
    return documents[document];
  };
}

function indexLines(text: string): DocumentLines[] {
  let events: Event[];
  try {
    events = parseEvents(text, { maxDepth: MANIFEST_LIMITS.maxDepth });
  } catch {
    return [];
  }
  const lineAt = openLineCounter(text);
  const documents: { root: Node; repeated: RepeatedKey[] }[] = [];
  const stack: Container[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) {
      documents.push({ root: openNode(undefined, '', 0), repeated: [] });
      stack.length = 0;
      continue;
    }
    if (event.type === EVENT_ID.POP) {
      stack.pop();
      continue;
    }
    const document = documents.at(-1);
    if (document === undefined) continue;
    const parent = stack.at(-1);
    if (parent !== undefined && !parent.isList && parent.waiting === undefined) {
      const isScalar = event.type === EVENT_ID.SCALAR;
      const key = isScalar ? getScalarValue(text, event) : '';
      const line = isScalar ? lineAt(event.valueStart) : parent.node.line;
      parent.waiting = addKey(parent.node, key, line, isScalar ? document.repeated : undefined);
      if (isScalar) continue;
    }
    const node = nextNode(parent, document.root, startOf(event), lineAt);
    if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) {
      const isList = event.type === EVENT_ID.SEQUENCE;
      stack.push({ node, isList, index: 0, waiting: undefined });
    }
  }
  return documents.map(({ root, repeated }) => ({
    repeated,
    lineOf: (path) => nearestLine(root, path),
  }));
}

function openNode(parent: Node | undefined, key: string | number, line: number): Node {
  return { parent, key, line, children: undefined };
}

function addKey(
  parent: Node,
  key: string,
  line: number,
  repeated: RepeatedKey[] | undefined,
): Node {
  const children = (parent.children ??= new Map());
  const before = children.get(key);
  if (before === undefined) {
    const node = openNode(parent, key, line);
    children.set(key, node);
    return node;
  }
  // A merge key may stand more than once.
  if (repeated !== undefined && key !== '<<' && repeated.length < MAX_REPEATED)
    repeated.push({ path: pathOf(before), line });
  before.line = line;
  return before;
}

function nextNode(
  parent: Container | undefined,
  root: Node,
  start: number,
  lineAt: (position: number) => number,
): Node {
  if (parent === undefined) {
    if (start >= 0) root.line = lineAt(start);
    return root;
  }
  if (parent.isList) {
    const line = start >= 0 ? lineAt(start) : parent.node.line;
    const node = openNode(parent.node, parent.index, line);
    parent.index += 1;
    (parent.node.children ??= new Map()).set(node.key, node);
    return node;
  }
  const { waiting } = parent;
  parent.waiting = undefined;
  return waiting ?? parent.node;
}

function pathOf(node: Node): string {
  const keys: (string | number)[] = [];
  for (let at = node; at.parent !== undefined; at = at.parent) keys.push(at.key);
  return keys
    .toReversed()
    .reduce<string>(
      (path, key) => (typeof key === 'number' ? `${path}[${key}]` : joinPath(path, key)),
      '',
    );
}

/** `a` and `b.c/d` give `a["b.c/d"]`; plain keys are joined by a dot. A long key is cut. */
export function joinPath(path: string, key: string): string {
  if (key.length > MAX_KEY_LENGTH || !/^[A-Za-z_$][\w$-]*$/.test(key))
    return `${path}[${JSON.stringify(key.slice(0, MAX_KEY_LENGTH))}]`;
  return path === '' ? key : `${path}.${key}`;
}

function startOf(event: Event): number {
  switch (event.type) {
    case EVENT_ID.SCALAR:
      return event.valueStart;
    case EVENT_ID.ALIAS:
      return event.anchorStart;
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start;
    default:
      return -1;
  }
}

function nearestLine(root: Node, path: string): number | undefined {
  let node = root;
  for (const key of splitPath(path)) {
    const child = node.children?.get(key);
    if (child === undefined) break;
    node = child;
  }
  return node.line === 0 ? undefined : node.line;
}

/** The keys of a path that `joinPath` made. */
function* splitPath(path: string): Generator<string | number> {
  for (let at = 0; at < path.length; ) {
    if (path[at] === '[') {
      const end = path[at + 1] === '"' ? endOfText(path, at + 1) : path.indexOf(']', at);
      if (end < 0) return;
      yield JSON.parse(path.slice(at + 1, end)) as string | number;
      at = end + 1;
    } else {
      const start = path[at] === '.' ? at + 1 : at;
      let end = start;
      while (end < path.length && path[end] !== '.' && path[end] !== '[') end += 1;
      yield path.slice(start, end);
      at = end;
    }
  }
}

/** The position after the JSON string that begins at `start`; −1 when it does not end. */
function endOfText(path: string, start: number): number {
  for (let at = start + 1; at < path.length; at += 1) {
    if (path[at] === '\\') at += 1;
    else if (path[at] === '"') return at + 1;
  }
  return -1;
}

/** Tells the line, from 1, of a position. */
function openLineCounter(text: string): (position: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (position) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= position) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
