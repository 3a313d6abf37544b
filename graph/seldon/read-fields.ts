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
  return new ObjectFields(value, path, sink);
}

/** A class, since an object of closures for each of a deployment's objects was most of what reading one took. */
class ObjectFields implements Fields {
  readonly #raw: JsonObject;
  readonly path: string;
  readonly sink: FindingSink;

  constructor(raw: JsonObject, path: string, sink: FindingSink) {
    this.#raw = raw;
    this.path = path;
    this.sink = sink;
  }

  at(field: string): string {
    return joinPath(this.path, field);
  }

  has(field: string): boolean {
    return (this.peek(field) ?? undefined) !== undefined;
  }

  peek(field: string): unknown {
    return Object.hasOwn(this.#raw, field) ? this.#raw[field] : undefined;
  }

  text(field: string, maxLength: number = MANIFEST_LIMITS.maxValueLength): string | undefined {
    const value = this.peek(field);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') return this.#wrong(this.at(field), value, 'a string');
    // Paths are made where something is to be said.
    return value.length <= maxLength ? value : this.#tooLong(this.at(field), value, maxLength);
  }

  word(field: string): string | undefined {
    return this.text(field, MANIFEST_LIMITS.maxWordLength);
  }

  requiredText(field: string): string {
    const value = this.word(field);
    if ((value === undefined && !this.has(field)) || value === '')
      this.sink.add('FIELD_MISSING', this.at(field), `${name(this.path)} has no ${field}`);
    return value ?? '';
  }

  integer(field: string, min: number, max: number): number | undefined {
    const value = this.peek(field);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value))
      return this.#wrong(this.at(field), value, 'an integer');
    if (value >= min && value <= max) return value;
    this.sink.add('NUMBER_RANGE', this.at(field), `${field} is ${value}`, `write ${min} to ${max}`);
    return undefined;
  }

  flag(field: string): boolean | undefined {
    const value = this.peek(field);
    if (value === undefined || value === null || typeof value === 'boolean')
      return value ?? undefined;
    return this.#wrong(this.at(field), value, 'a boolean');
  }

  object(field: string): JsonObject | undefined {
    const value = this.peek(field);
    if (value === undefined || value === null || isPlainObject(value)) return value ?? undefined;
    return this.#wrong(this.at(field), value, 'an object');
  }

  list(field: string): readonly Item[] {
    const value = this.peek(field);
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.#wrong(this.at(field), value, 'a list');
      return [];
    }
    const place = this.at(field);
    return value.map((item: unknown, index) => ({ value: item, path: `${place}[${index}]` }));
  }

  texts(field: string): readonly string[] {
    const texts: string[] = [];
    const { maxValueLength } = MANIFEST_LIMITS;
    for (const { value, path } of this.list(field)) {
      if (typeof value !== 'string') this.#wrong(path, value, 'a string');
      else if (value.length <= maxValueLength) texts.push(value);
      else this.#tooLong(path, value, maxValueLength);
    }
    return texts;
  }

  textMap(field: string): Readonly<Record<string, string>> {
    const texts: Record<string, string> = {};
    const { maxAnnotationsLength } = MANIFEST_LIMITS;
    let length = 0;
    for (const [key, value] of Object.entries(this.object(field) ?? {})) {
      length += key.length + (typeof value === 'string' ? value.length : 0);
      if (length > maxAnnotationsLength) {
        const what = `${name(this.at(field))} have over ${maxAnnotationsLength} characters`;
        this.sink.add('VALUE_TOO_LONG', this.at(field), what, 'remove some, or shorten them');
        return {};
      }
      if (typeof value !== 'string') {
        if (value !== null) this.#wrong(joinPath(this.at(field), key), value, 'a string');
      } else if (key === '__proto__') Object.defineProperty(texts, key, { value, ...OPEN });
      else texts[key] = value;
    }
    return texts;
  }

  #wrong(place: string, value: unknown, wanted: string): undefined {
    // YAML 1.1, which Kubernetes reads, takes y, n, yes, no, on and off for booleans.
    const mark = typeof value === 'string' ? describeTemplateMark(value) : undefined;
    if (mark !== undefined) {
      this.sink.add('TEMPLATE_MARK', place, `${name(place)}: ${mark}`, TEMPLATE_ADVICE);
      return undefined;
    }
    const quote = wanted === 'a string' && typeof value !== 'object' ? ', in quotes' : '';
    const what = `${name(place)} is ${describeType(value)}, not ${wanted}`;
    this.sink.add('FIELD_WRONG_TYPE', place, what, `write ${wanted}${quote}`);
    return undefined;
  }

  #tooLong(place: string, text: string, maxLength: number): undefined {
    const what = `${name(place)} has ${text.length} characters`;
    this.sink.add('VALUE_TOO_LONG', place, what, `use at most ${maxLength}`);
    return undefined;
  }
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
