// Text in, documents out: YAML or JSON, several documents, lists unrolled. What comes out is a finite tree of plain JSON
// values: aliases are bounded, cycles and YAML-only types refused, so that nothing after this can be made to loop or throw.
import { loadAll, Schema, timestampTag, YAML11_SCHEMA, YAMLException } from 'js-yaml';
import { openFindings } from './finding.ts';
import type { Finding, FindingSink } from './finding.ts';
import { isPlainObject } from './json-value.ts';
import { MANIFEST_LIMITS } from './limits.ts';
import { indexLines, joinPath } from './manifest-lines.ts';
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

/** YAML 1.1, as kubectl reads it, except that bare dates stay strings. */
const MANIFEST_SCHEMA = new Schema(YAML11_SCHEMA.tags.filter((tag) => tag !== timestampTag));

/** Parses a file of manifests. Never throws. `source` names the file in findings. */
export function parseManifests(text: string, source: string): ParsedManifests {
  const fileSink = openFindings(source, () => undefined);
  if (text.length > MANIFEST_LIMITS.maxTextLength)
    fileSink.add('MANIFEST_TOO_LARGE', '', `the file has ${text.length} characters`);
  // Counted before parsing, since a short text can hold very many documents.
  else if (countSeparators(text) > MANIFEST_LIMITS.maxDocuments)
    fileSink.add('DOCUMENTS_TOO_MANY', '', `over ${MANIFEST_LIMITS.maxDocuments} documents`);
  if (fileSink.errors > 0) return { documents: [], findings: fileSink.findings };
  const loaded = loadValues(text, source);
  if ('failure' in loaded) return { documents: [], findings: [loaded.failure] };
  const lines = indexLines(text);
  const documents: ManifestDocument[] = [];
  loaded.values.forEach((value, index) => {
    if (value === null || value === undefined) return;
    documents.push(...openDocument(value, source, lines[index]));
  });
  return { documents, findings: [] };
}

function countSeparators(text: string): number {
  return text.match(/^(---|\.\.\.)/gm)?.length ?? 0;
}

function loadValues(text: string, source: string): { values: unknown[] } | { failure: Finding } {
  try {
    const options = { schema: MANIFEST_SCHEMA, maxDepth: MANIFEST_LIMITS.maxDepth };
    return { values: loadAll(text, options) };
  } catch (error) {
    // A few JSON texts are no YAML (tabs, duplicate keys); kubectl reads them.
    if (/^\s*[[{]/.test(text)) {
      try {
        return { values: [JSON.parse(text)] };
      } catch {
        // The YAML reader's message has the line, so it is told instead.
      }
    }
    const mark = error instanceof YAMLException ? error.mark : undefined;
    const reason = error instanceof YAMLException ? error.reason : 'the text cannot be read';
    const where = mark === undefined ? '' : ` at line ${mark.line + 1}, column ${mark.column + 1}`;
    const sink = openFindings(source, () => (mark === undefined ? undefined : mark.line + 1));
    sink.add('YAML_SYNTAX', '', `${reason}${where}`);
    const [failure] = sink.findings;
    return failure === undefined ? { values: [] } : { failure };
  }
}

/** One document, or the items of a `List`; what cannot be read gives a document of which only the findings count. */
function openDocument(
  value: unknown,
  source: string,
  lines: DocumentLines | undefined,
): ManifestDocument[] {
  const sink = openFindings(source, (path) => lines?.lineOf(path));
  const unreadable: ManifestDocument[] = [{ value: {}, prefix: '', sink }];
  if (!checkValues(value, sink)) return unreadable;
  if (!isPlainObject(value)) {
    sink.add('DOCUMENT_NOT_OBJECT', '', 'the document is not an object');
    return unreadable;
  }
  if (value['kind'] !== 'List' || !Array.isArray(value['items'])) {
    return [{ value, prefix: '', sink }];
  }
  return value['items'].map((item: unknown, index): ManifestDocument => {
    const itemSink = openFindings(source, (path) => lines?.lineOf(path));
    if (isPlainObject(item)) return { value: item, prefix: `items[${index}].`, sink: itemSink };
    itemSink.add('DOCUMENT_NOT_OBJECT', `items[${index}]`, 'the item is not an object');
    return { value: {}, prefix: `items[${index}].`, sink: itemSink };
  });
}

interface Place {
  readonly value: unknown;
  readonly depth: number;
  readonly parent: Place | null;
  readonly key: string | number;
}

/** Walks all values once, aliases expanded, within a budget; false when the document must not be read. */
function checkValues(root: unknown, sink: FindingSink): boolean {
  const { maxValues, maxDepth } = MANIFEST_LIMITS;
  const stack: Place[] = [{ value: root, depth: 0, parent: null, key: '' }];
  let count = 0;
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { value, depth } = top;
    count += 1;
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
    for (const [key, item] of entries)
      stack.push({ value: item, depth: depth + 1, parent: top, key });
    if (count + stack.length > maxValues) {
      sink.add('DOCUMENT_TOO_LARGE', '', `over ${maxValues} values`);
      return false;
    }
  }
  return true;
}

function pathOf(place: Place): string {
  if (place.parent === null) return '';
  const parent = pathOf(place.parent);
  return typeof place.key === 'number' ? `${parent}[${place.key}]` : joinPath(parent, place.key);
}
