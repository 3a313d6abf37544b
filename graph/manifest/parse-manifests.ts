// Text in, documents out: YAML or JSON, several documents, lists unrolled, each bounded as a value is (open-documents.ts). Whatever
// the text, the work grows no faster than its length.
import { loadAll, Schema, timestampTag, YAML11_SCHEMA, YAMLException } from 'js-yaml';
import { openFindings } from './finding.ts';
import type { Finding } from './finding.ts';
import { MANIFEST_LIMITS } from '../plan/limits.ts';
import { openLines } from './manifest-lines.ts';
import type { DocumentLines } from './manifest-lines.ts';
import { openBudget, openDocument } from './open-documents.ts';
import type { ManifestDocument, ParsedManifests } from './open-documents.ts';
import { findTemplateLine, TEMPLATE_ADVICE } from './template-marks.ts';

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
  const budget = openBudget(MANIFEST_LIMITS.maxExpandedLength);
  const documents: ManifestDocument[] = [];
  loaded.values.forEach((value, index) => {
    if (value === null || value === undefined) return;
    const lines = (): DocumentLines | undefined => linesOf(index);
    const origin = { source, lines, hasRepeatedKeys: loaded.hasRepeatedKeys };
    const opened = openDocument(value, origin, budget);
    for (const document of opened) documents.push(document);
  });
  return { documents, findings: [] };
}

function countSeparators(text: string): number {
  return text.match(/^(---|\.\.\.)/gm)?.length ?? 0;
}

/** Whatever begins a value is after one of these, so they bound the work of the parser. */
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
