// Values in, documents out: what a text was parsed to, or an object that came parsed already. What comes out is a finite tree of
// plain JSON values: aliases are bounded, cycles and YAML-only types refused, lists unrolled, so that nothing after this can be made
// to loop or throw. Lines are there only where there was a text.
import { openFindings } from './finding.ts';
import type { Finding, FindingSink } from './finding.ts';
import { isPlainObject } from '../plan/json-value.ts';
import { MANIFEST_LIMITS } from '../plan/limits.ts';
import { joinPath } from './manifest-lines.ts';
import type { DocumentLines } from './manifest-lines.ts';

export interface ManifestDocument {
  readonly value: Readonly<Record<string, unknown>>;
  /** Prefix of all paths in it: '' or, for an item of a `List`, `items[2].`. */
  readonly prefix: string;
  /** Findings about this document are added here. */
  readonly sink: FindingSink;
}

export interface ParsedManifests {
  readonly documents: readonly ManifestDocument[];
  /** What is wrong with the file as a whole; each document's findings are in its sink. */
  readonly findings: readonly Finding[];
}

/** Where a value comes from. */
export interface Origin {
  readonly source: string;
  readonly lines: () => DocumentLines | undefined;
  /** Whether a mapping of its text has a key twice. */
  readonly hasRepeatedKeys: boolean;
}

/** A value that needs no parsing, such as a stored object, within the bounds of a text. Never throws. */
export function openValue(value: unknown, source: string): ParsedManifests {
  const origin = { source, lines: () => undefined, hasRepeatedKeys: false };
  const documents = openDocument(value, origin, openBudget(MANIFEST_LIMITS.maxTextLength));
  return { documents, findings: [] };
}

const LISTS: readonly unknown[] = ['List', 'SeldonDeploymentList'];

/** One document, or the items of a list; what cannot be read gives a document of which only the findings count. */
export function openDocument(
  value: unknown,
  { source, lines, hasRepeatedKeys }: Origin,
  budget: Budget,
): ManifestDocument[] {
  const openSink = (): FindingSink => openFindings(source, (path) => lines()?.lineOf(path));
  const sink = openSink();
  const unreadable: ManifestDocument[] = [{ value: {}, prefix: '', sink }];
  if (!checkValues(value, budget, sink)) return unreadable;
  if (!isPlainObject(value)) {
    sink.add('DOCUMENT_NOT_OBJECT', '', 'the document is not an object');
    return unreadable;
  }
  if (hasRepeatedKeys)
    for (const { path, line } of lines()?.repeated ?? [])
      sink.add('KEY_DUPLICATE', path, `${path} is written again in line ${line}`);
  if (!LISTS.includes(value['kind']) || !Array.isArray(value['items'])) {
    return [{ value, prefix: '', sink }];
  }
  const items = value['items'].map((item: unknown, index): ManifestDocument => {
    const itemSink = openSink();
    if (isPlainObject(item)) return { value: item, prefix: `items[${index}].`, sink: itemSink };
    itemSink.add('DOCUMENT_NOT_OBJECT', `items[${index}]`, 'the item is not an object');
    return { value: {}, prefix: `items[${index}].`, sink: itemSink };
  });
  if (sink.findings.length === 0) return items;
  // What was found about the list as a whole goes with its first item, which it does not keep from being read.
  const [first, ...rest] = items;
  if (first === undefined) return items;
  for (const { code, path, message, advice } of sink.findings)
    first.sink.add(code, path, message, advice);
  return [first, ...rest];
}

/** What may still be read of a file; aliases can name more values than it has characters. */
export interface Budget {
  values: number;
  length: number;
  readonly maxLength: number;
}

export function openBudget(maxLength: number): Budget {
  return { values: MANIFEST_LIMITS.maxValues, length: maxLength, maxLength };
}

interface Place {
  readonly value: unknown;
  readonly depth: number;
  readonly parent: Place | undefined;
  readonly key: string | number;
}

/** Walks all values once, aliases expanded, within a budget; false when the document must not be read. */
function checkValues(root: unknown, budget: Budget, sink: FindingSink): boolean {
  const { maxValues, maxDepth } = MANIFEST_LIMITS;
  const stack: Place[] = [{ value: root, depth: 0, parent: undefined, key: '' }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { value, depth, key } = top;
    budget.values -= 1;
    if (typeof key === 'string') budget.length -= key.length;
    if (typeof value === 'string') budget.length -= value.length;
    if (budget.length < 0) {
      sink.add('DOCUMENT_TOO_LARGE', '', `over ${budget.maxLength} characters, aliases expanded`);
      return false;
    }
    if (value === null || typeof value !== 'object') continue;
    if (depth >= maxDepth) {
      sink.add('DOCUMENT_TOO_DEEP', '', `nested over ${maxDepth} levels`);
      return false;
    }
    if (!Array.isArray(value) && !isPlainObject(value)) {
      const type = value.constructor.name;
      sink.add('VALUE_UNSUPPORTED', pathOf(top), `a value is of the YAML type ${type}`);
      return false;
    }
    const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
    for (const [at, item] of entries)
      stack.push({ value: item, depth: depth + 1, parent: top, key: at });
    if (stack.length > budget.values) {
      budget.values = 0;
      sink.add('DOCUMENT_TOO_LARGE', '', `over ${maxValues} values, aliases expanded`);
      return false;
    }
  }
  return true;
}

function pathOf(place: Place): string {
  if (place.parent === undefined) return '';
  const parent = pathOf(place.parent);
  return typeof place.key === 'number' ? `${parent}[${place.key}]` : joinPath(parent, place.key);
}
