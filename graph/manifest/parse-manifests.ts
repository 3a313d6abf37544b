// Text in, documents out: YAML or JSON, several documents, lists unrolled. What comes out is a finite tree of plain JSON
// values: aliases are bounded, cycles and YAML-only types refused, so that nothing after this can be made to loop or throw,
// and whatever the text, the work grows no faster than its length.
import { loadAll, Schema, timestampTag, YAML11_SCHEMA, YAMLException } from 'js-yaml';
import { openFindings } from './finding.ts';
import type { Finding, FindingSink } from './finding.ts';
import { isPlainObject } from '../plan/json-value.ts';
import { MANIFEST_LIMITS } from '../plan/limits.ts';
import { joinPath, openLines } from './manifest-lines.ts';
import type { DocumentLines } from './manifest-lines.ts';
import { findTemplateLine, TEMPLATE_ADVICE } from './template-marks.ts';

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
  else if (countMarks(text) > MANIFEST_LIMITS.maxMarks)
    fileSink.add(
      'MANIFEST_TOO_LARGE',
      '',
      `the file has over ${MANIFEST_LIMITS.maxMarks} lines, commas and brackets`,
    );
  if (fileSink.errors > 0) return { documents: [], findings: fileSink.findings };
  const loaded = loadValues(text, source);
  if ('failure' in loaded) return { documents: [], findings: [loaded.failure] };
  const linesOf = openLines(text);
  const budget: Budget = {
    values: MANIFEST_LIMITS.maxValues,
    length: MANIFEST_LIMITS.maxExpandedLength,
  };
  const documents: ManifestDocument[] = [];
  loaded.values.forEach((value, index) => {
    if (value === null || value === undefined) return;
    const lines = (): DocumentLines | undefined => linesOf(index);
    const opened = openDocument(value, source, lines, budget, loaded.hasRepeatedKeys);
    for (const document of opened) documents.push(document);
  });
  return { documents, findings: [] };
}

function countSeparators(text: string): number {
  return text.match(/^(---|\.\.\.)/gm)?.length ?? 0;
}

/** Whatever begins a value stands after one of these, so they bound the work of the parser. */
function countMarks(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE || code === COMMA || code === BRACKET || code === BRACE) count += 1;
  }
  return count;
}

const NEWLINE = 10;
const COMMA = 44;
const BRACKET = 91;
const BRACE = 123;

interface LoadedValues {
  readonly values: readonly unknown[];
  /** Whether a mapping has a key twice; its last value counts, as for kubectl. */
  readonly hasRepeatedKeys: boolean;
}

function loadValues(text: string, source: string): LoadedValues | { readonly failure: Finding } {
  // What is JSON is read as JSON: some of it is no YAML (tabs), and numbers differ (1e3).
  const json = parseJson(text);
  if (json !== undefined) return { values: [json], hasRepeatedKeys: false };
  try {
    return { values: loadYaml(text, false), hasRepeatedKeys: false };
  } catch (error) {
    if (!(error instanceof YAMLException) || error.reason !== 'duplicated mapping key')
      return { failure: describeFailure(text, source, error) };
  }
  try {
    return { values: loadYaml(text, true), hasRepeatedKeys: true };
  } catch (error) {
    return { failure: describeFailure(text, source, error) };
  }
}

function loadYaml(text: string, takesRepeatedKeys: boolean): unknown[] {
  return loadAll(text, {
    schema: MANIFEST_SCHEMA,
    maxDepth: MANIFEST_LIMITS.maxDepth,
    json: takesRepeatedKeys,
  });
}

function parseJson(text: string): unknown {
  const plain = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (!/^\s*[[{]/.test(plain)) return undefined;
  try {
    return JSON.parse(plain);
  } catch {
    // Flow style YAML, several documents, or a mistake; the YAML reader's message has its line.
    return undefined;
  }
}

function describeFailure(text: string, source: string, error: unknown): Finding {
  const mark = error instanceof YAMLException ? error.mark : undefined;
  const reason = error instanceof YAMLException ? error.reason : 'the text cannot be read';
  const where = mark === undefined ? '' : ` at line ${mark.line + 1}, column ${mark.column + 1}`;
  const line = mark === undefined ? undefined : mark.line + 1;
  const template = findTemplateLine(text, line);
  const sink = openFindings(source, () => template?.line ?? line);
  if (template === undefined) sink.add('YAML_SYNTAX', '', `${reason}${where}`);
  else
    sink.add(
      'TEMPLATE_MARK',
      '',
      `line ${template.line}: ${template.words} (as YAML: ${reason}${where})`,
      TEMPLATE_ADVICE,
    );
  const [failure] = sink.findings;
  if (failure === undefined) throw new Error('a failure has a finding');
  return failure;
}

const LISTS: readonly unknown[] = ['List', 'SeldonDeploymentList'];

/** One document, or the items of a list; what cannot be read gives a document of which only the findings count. */
function openDocument(
  value: unknown,
  source: string,
  lines: () => DocumentLines | undefined,
  budget: Budget,
  hasRepeatedKeys: boolean,
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
interface Budget {
  values: number;
  length: number;
}

interface Place {
  readonly value: unknown;
  readonly depth: number;
  readonly parent: Place | null;
  readonly key: string | number;
}

/** Walks all values once, aliases expanded, within a budget; false when the document must not be read. */
function checkValues(root: unknown, budget: Budget, sink: FindingSink): boolean {
  const { maxValues, maxExpandedLength, maxDepth } = MANIFEST_LIMITS;
  const stack: Place[] = [{ value: root, depth: 0, parent: null, key: '' }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { value, depth, key } = top;
    budget.values -= 1;
    if (typeof key === 'string') budget.length -= key.length;
    if (typeof value === 'string') budget.length -= value.length;
    if (budget.length < 0) {
      sink.add('DOCUMENT_TOO_LARGE', '', `over ${maxExpandedLength} characters, aliases expanded`);
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
  if (place.parent === null) return '';
  const parent = pathOf(place.parent);
  return typeof place.key === 'number' ? `${parent}[${place.key}]` : joinPath(parent, place.key);
}
