// Reads the fields of one object of a manifest: each by its type, wrong types and unknown names as findings. A field that
// is null counts as absent, as it does for Kubernetes.
import { didYouMean } from '../manifest/closest-word.ts';
import { MAX_FINDINGS } from '../manifest/finding.ts';
import type { FindingSink } from '../manifest/finding.ts';
import { describeType, isPlainObject } from '../plan/json-value.ts';
import type { JsonObject } from '../plan/json-value.ts';
import { MANIFEST_LIMITS } from '../plan/limits.ts';
import { joinPath } from '../manifest/manifest-lines.ts';
import { describeTemplateMark, TEMPLATE_ADVICE } from '../manifest/template-marks.ts';

export interface Fields {
  readonly path: string;
  readonly sink: FindingSink;
  /** The path of a field of this object. */
  at(name: string): string;
  /** Whether the field is there and not null. */
  has(name: string): boolean;
  /** The value as it is, for fields of more than one type. */
  peek(name: string): unknown;
  /** A string of at most `maxLength` characters. */
  text(name: string, maxLength?: number): string | undefined;
  /** A short string: a name, a type, a mode. */
  word(name: string): string | undefined;
  /** A word that must be there and not be empty; '' after a finding. */
  requiredText(name: string): string;
  integer(name: string, min: number, max: number): number | undefined;
  flag(name: string): boolean | undefined;
  object(name: string): JsonObject | undefined;
  /** A list with the paths of its items; [] when absent or wrong. */
  list(name: string): readonly Item[];
  /** A list of strings; wrong items are left out with a finding. */
  texts(name: string): readonly string[];
  /** A map of strings, bounded as the annotations of Kubernetes are; wrong values are left out with a finding. */
  textMap(name: string): Readonly<Record<string, string>>;
}

export interface Item {
  readonly value: unknown;
  readonly path: string;
}

/**
 * Opens an object at `path`; undefined (with a finding) when `value` is none. `known` are the names of its fields; undefined
 * leaves unknown names unmentioned.
 */
export function openFields(
  value: unknown,
  path: string,
  known: readonly string[] | undefined,
  sink: FindingSink,
): Fields | undefined {
  if (!isPlainObject(value)) {
    sink.add(
      'FIELD_WRONG_TYPE',
      path,
      `${name(path)} is ${describeType(value)}`,
      'write an object',
    );
    return undefined;
  }
  if (known !== undefined) reportUnknown(value, path, known, sink);
  return fieldsOf(value, path, sink);
}

function fieldsOf(raw: JsonObject, path: string, sink: FindingSink): Fields {
  const at = (field: string): string => joinPath(path, field);
  const wrong = (place: string, value: unknown, wanted: string): undefined => {
    // YAML 1.1, which Kubernetes reads, takes y, n, yes, no, on and off for booleans.
    const mark = typeof value === 'string' ? describeTemplateMark(value) : undefined;
    if (mark !== undefined) {
      sink.add('TEMPLATE_MARK', place, `${name(place)}: ${mark}`, TEMPLATE_ADVICE);
      return undefined;
    }
    const quote = wanted === 'a string' && typeof value !== 'object' ? ', in quotes' : '';
    const what = `${name(place)} is ${describeType(value)}, not ${wanted}`;
    sink.add('FIELD_WRONG_TYPE', place, what, `write ${wanted}${quote}`);
    return undefined;
  };
  /** The text, or undefined with a finding when it is longer than can be used. */
  const bounded = (place: string, text: string, maxLength: number): string | undefined => {
    if (text.length <= maxLength) return text;
    const what = `${name(place)} has ${text.length} characters`;
    sink.add('VALUE_TOO_LONG', place, what, `use at most ${maxLength}`);
    return undefined;
  };
  const own = (field: string): unknown => (Object.hasOwn(raw, field) ? raw[field] : undefined);
  const fields: Fields = {
    path,
    sink,
    at,
    has: (field) => own(field) !== undefined && own(field) !== null,
    peek: own,
    text(field, maxLength = MANIFEST_LIMITS.maxValueLength) {
      const value = own(field);
      if (value === undefined || value === null) return undefined;
      if (typeof value !== 'string') return wrong(at(field), value, 'a string');
      // Paths are made where something is to be said.
      return value.length <= maxLength ? value : bounded(at(field), value, maxLength);
    },
    word: (field) => fields.text(field, MANIFEST_LIMITS.maxWordLength),
    requiredText(field) {
      const value = fields.word(field);
      if ((value === undefined && !fields.has(field)) || value === '')
        sink.add('FIELD_MISSING', at(field), `${name(path)} has no ${field}`);
      return value ?? '';
    },
    integer(field, min, max) {
      const value = own(field);
      if (value === undefined || value === null) return undefined;
      if (typeof value !== 'number' || !Number.isInteger(value))
        return wrong(at(field), value, 'an integer');
      if (value >= min && value <= max) return value;
      sink.add('NUMBER_RANGE', at(field), `${field} is ${value}`, `write ${min} to ${max}`);
      return undefined;
    },
    flag(field) {
      const value = own(field);
      if (value === undefined || value === null || typeof value === 'boolean')
        return value ?? undefined;
      return wrong(at(field), value, 'a boolean');
    },
    object(field) {
      const value = own(field);
      if (value === undefined || value === null || isPlainObject(value)) return value ?? undefined;
      return wrong(at(field), value, 'an object');
    },
    list(field) {
      const value = own(field);
      if (value === undefined || value === null) return [];
      if (!Array.isArray(value)) {
        wrong(at(field), value, 'a list');
        return [];
      }
      const place = at(field);
      return value.map((item: unknown, index) => ({ value: item, path: `${place}[${index}]` }));
    },
    texts(field) {
      const texts: string[] = [];
      for (const item of fields.list(field)) {
        if (typeof item.value !== 'string') wrong(item.path, item.value, 'a string');
        else if (bounded(item.path, item.value, MANIFEST_LIMITS.maxValueLength) !== undefined)
          texts.push(item.value);
      }
      return texts;
    },
    textMap(field) {
      const texts: Record<string, string> = {};
      const { maxAnnotationsLength } = MANIFEST_LIMITS;
      let length = 0;
      for (const [key, value] of Object.entries(fields.object(field) ?? {})) {
        length += key.length + (typeof value === 'string' ? value.length : 0);
        if (length > maxAnnotationsLength) {
          const what = `${name(at(field))} have over ${maxAnnotationsLength} characters`;
          sink.add('VALUE_TOO_LONG', at(field), what, 'remove some, or shorten them');
          return {};
        }
        if (typeof value === 'string') Object.defineProperty(texts, key, { value, ...OPEN });
        else if (value !== null) wrong(joinPath(at(field), key), value, 'a string');
      }
      return texts;
    },
  };
  return fields;
}

/** Plain assignment would lose a key named `__proto__`. */
const OPEN = { enumerable: true, writable: true, configurable: true } as const;

function reportUnknown(
  raw: JsonObject,
  path: string,
  known: readonly string[],
  sink: FindingSink,
): void {
  for (const field of Object.keys(raw)) {
    if (known.includes(field) || sink.warnings >= MAX_FINDINGS) continue;
    const shown = JSON.stringify(field.slice(0, 100));
    const advice = didYouMean(field, known);
    const message = `${name(path)} has no field ${shown}; it is ignored`;
    sink.add('FIELD_UNKNOWN', joinPath(path, field), message, advice);
  }
}

function name(path: string): string {
  return path === '' ? 'the document' : path;
}
