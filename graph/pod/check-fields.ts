// Judges a part of a pod by Kubernetes' schema: fields that do not exist, values of a wrong type or word, fields that must be there,
// twins in lists whose items are told apart by a key. The API server refuses each of them, and nothing would ever start.
import { didYouMean } from '../manifest/closest-word.ts';
import type { FindingSink } from '../manifest/finding.ts';
import type { FindingCode } from '../manifest/finding-codes.ts';
import { describeType, isPlainObject } from '../plan/json-value.ts';
import { joinPath } from '../manifest/manifest-lines.ts';
import { shorten } from '../manifest/shorten.ts';
import { describeTemplateMark, TEMPLATE_ADVICE } from '../manifest/template-marks.ts';
import { fieldsOf, LOWEST_KUBERNETES, NEWEST_KUBERNETES } from './schema.ts';
import type { FieldType } from './schema.ts';

/** Lists that may hold twins here: of variables the last one counts. */
const MERGED = ['env'];
const MAX_DEPTH = 40;

/** `value` is of the schema's `type`, at `path`. */
export function checkFields(
  value: unknown,
  type: string,
  path: string,
  sink: FindingSink,
  depth = 0,
): void {
  if (value === null || value === undefined || depth > MAX_DEPTH || sink.isFull) return;
  if (!isPlainObject(value)) {
    tellType(value, path, 'an object', sink);
    return;
  }
  const fields = fieldsOf(type);
  for (const [name, item] of Object.entries(value)) {
    const field = fields.get(name);
    const at = joinPath(path, name);
    if (field === undefined) tellUnknown(name, at, [...fields.keys()], sink);
    else if (item !== null) {
      if (field.isNew)
        addOnce(
          sink,
          'POD_FIELD_NEW',
          at,
          `Kubernetes ${LOWEST_KUBERNETES} does not know ${name}; ${NEWEST_KUBERNETES} does`,
        );
      checkValue(item, field.type, name, at, sink, depth);
    }
  }
  for (const [name, { isRequired }] of fields) {
    const item = Object.hasOwn(value, name) ? value[name] : undefined;
    if (isRequired && (item === undefined || item === null || item === ''))
      addOnce(sink, 'POD_INVALID', joinPath(path, name), `${name} is missing`, `write ${name}`);
  }
}

function checkValue(
  value: unknown,
  type: FieldType,
  name: string,
  path: string,
  sink: FindingSink,
  depth: number,
): void {
  // In a string, `$(NAME)` is a variable of Kubernetes.
  const isText = type.kind === 'leaf' && type.leaf === 'string';
  const mark = typeof value === 'string' && !isText ? describeTemplateMark(value) : undefined;
  if (mark !== undefined) {
    addOnce(sink, 'TEMPLATE_MARK', path, mark, TEMPLATE_ADVICE);
    return;
  }
  switch (type.kind) {
    case 'object':
      checkFields(value, type.name, path, sink, depth + 1);
      return;
    case 'list':
      if (!Array.isArray(value)) tellType(value, path, 'a list', sink);
      else {
        value.forEach((item, index) =>
          checkValue(item, type.item, name, `${path}[${index}]`, sink, depth),
        );
        if (!MERGED.includes(name)) checkTwins(value, type.keys, path, sink);
      }
      return;
    case 'map':
      if (!isPlainObject(value)) tellType(value, path, 'an object', sink);
      else
        for (const [key, item] of Object.entries(value))
          checkValue(item, type.item, key, joinPath(path, key), sink, depth);
      return;
    case 'words':
      if (typeof value !== 'string') tellType(value, path, 'a word', sink);
      else if (value !== '' && !type.words.includes(value))
        addOnce(
          sink,
          'POD_INVALID',
          path,
          `${name} is ${shorten(value)}`,
          type.words.length > 8 ? undefined : `write ${type.words.join(', ')}`,
        );
      return;
    case 'leaf':
      checkLeaf(value, type.leaf, path, sink);
  }
}

function checkLeaf(
  value: unknown,
  leaf: Extract<FieldType, { kind: 'leaf' }>['leaf'],
  path: string,
  sink: FindingSink,
): void {
  switch (leaf) {
    case 'string':
      if (typeof value !== 'string') tellType(value, path, 'a string, in quotes', sink);
      return;
    case 'boolean':
      if (typeof value !== 'boolean') tellType(value, path, 'true or false', sink);
      return;
    case 'integer':
      if (!Number.isInteger(value)) tellType(value, path, 'a whole number', sink);
      return;
    case 'integerOrString':
      if (!Number.isInteger(value) && typeof value !== 'string')
        tellType(value, path, 'a whole number or a name', sink);
      return;
    case 'quantity':
      if (typeof value !== 'string' && typeof value !== 'number')
        tellType(value, path, 'a quantity', sink);
      else if (!isQuantity(String(value)))
        addOnce(
          sink,
          'POD_INVALID',
          path,
          `${shorten(String(value))} is no quantity`,
          'write a number with or without a unit: 500m, 2, 1.5Gi',
        );
      return;
    case 'any':
  }
}

const QUANTITY = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/;
const MAX_QUANTITY = 64;

export function isQuantity(text: string): boolean {
  return text.length <= MAX_QUANTITY && QUANTITY.test(text);
}

/** A port is told apart by its protocol too, which is TCP where none is written. */
function checkTwins(
  items: readonly unknown[],
  keys: readonly string[],
  path: string,
  sink: FindingSink,
): void {
  if (keys.length === 0) return;
  const first = new Map<string, number>();
  items.forEach((item, index) => {
    if (!isPlainObject(item)) return;
    const values = keys.map((key) => item[key] ?? (key === 'protocol' ? 'TCP' : ''));
    const id = JSON.stringify(values);
    const known = first.get(id);
    if (known === undefined) first.set(id, index);
    else if (values.some((value) => value !== ''))
      addOnce(
        sink,
        'POD_INVALID',
        `${path}[${index}]`,
        `${keys.map((key, at) => `${key} ${String(values[at])}`).join(', ')} is in ${path}[${known}] too`,
        'remove one of the two',
      );
  });
}

function tellUnknown(
  name: string,
  path: string,
  known: readonly string[],
  sink: FindingSink,
): void {
  const advice = didYouMean(name, known);
  addOnce(sink, 'POD_FIELD_UNKNOWN', path, `Kubernetes has no field ${shorten(name)} here`, advice);
}

function tellType(value: unknown, path: string, wanted: string, sink: FindingSink): void {
  const name = path.slice(path.lastIndexOf('.') + 1);
  addOnce(sink, 'POD_INVALID', path, `${name} is ${describeType(value)}`, `write ${wanted}`);
}

/** Adds a finding where the readers of the graph have told none already. */
export function addOnce(
  sink: FindingSink,
  code: FindingCode,
  path: string,
  message: string,
  advice?: string,
): void {
  if (!sink.hasErrorsAt(path)) sink.add(code, path, message, advice);
}
