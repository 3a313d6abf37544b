// The line of every path of a document, so that a finding can name it. Read from the parser's events, beside the values.
import { EVENT_ID, getScalarValue, parseEvents } from 'js-yaml';
import type { Event } from 'js-yaml';
import { MANIFEST_LIMITS } from './limits.ts';

export interface DocumentLines {
  /** Line, from 1, of a path or of its nearest ancestor that was written. */
  lineOf(path: string): number | undefined;
}

interface Container {
  readonly path: string;
  readonly isList: boolean;
  index: number;
  /** In a mapping: the key that waits for its value. */
  key: string | null;
}

/** One entry for each document of the text; empty when the text is no YAML. */
export function indexLines(text: string): DocumentLines[] {
  let events: Event[];
  try {
    events = parseEvents(text, { maxDepth: MANIFEST_LIMITS.maxDepth });
  } catch {
    return [];
  }
  const lineAt = openLineCounter(text);
  const documents: Map<string, number>[] = [];
  const stack: Container[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) {
      documents.push(new Map());
      stack.length = 0;
      continue;
    }
    if (event.type === EVENT_ID.POP) {
      stack.pop();
      continue;
    }
    const parent = stack.at(-1);
    if (parent !== undefined && !parent.isList && parent.key === null) {
      parent.key = event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : '';
      if (event.type === EVENT_ID.SCALAR) {
        const path = joinPath(parent.path, parent.key);
        documents.at(-1)?.set(path, lineAt(event.valueStart));
        continue;
      }
    }
    const path = nextPath(parent);
    const start = startOf(event);
    if (parent?.isList === true && start >= 0) documents.at(-1)?.set(path, lineAt(start));
    if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) {
      if (parent === undefined) documents.at(-1)?.set('', lineAt(start));
      stack.push({ path, isList: event.type === EVENT_ID.SEQUENCE, index: 0, key: null });
    }
  }
  return documents.map((lines) => ({ lineOf: (path) => nearestLine(lines, path) }));
}

function nextPath(parent: Container | undefined): string {
  if (parent === undefined) return '';
  if (parent.isList) {
    parent.index += 1;
    return `${parent.path}[${parent.index - 1}]`;
  }
  const path = joinPath(parent.path, parent.key ?? '');
  parent.key = null;
  return path;
}

/** `a` and `b.c/d` give `a["b.c/d"]`; plain keys are joined by a dot. */
export function joinPath(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key.slice(0, 100))}]`;
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

function nearestLine(lines: Map<string, number>, path: string): number | undefined {
  for (let rest = path; ; ) {
    const line = lines.get(rest);
    if (line !== undefined || rest === '') return line;
    rest = rest.slice(0, Math.max(0, rest.lastIndexOf('.'), rest.lastIndexOf('[')));
  }
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
