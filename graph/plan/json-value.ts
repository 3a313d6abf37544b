// What a value of JSON is, told to the type checker, and how fields are read of objects that anybody may write: one that has the
// wrong type counts as absent.

export type JsonObject = Readonly<Record<string, unknown>>;

export function isPlainObject(value: unknown): value is JsonObject {
  if (value === null || typeof value !== 'object') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The JSON type of a value, with its article, for messages. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (isPlainObject(value)) return 'an object';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a number';
  if (typeof value === 'boolean') return 'a boolean';
  return typeof value === 'string' ? 'a string' : 'no JSON value';
}

/** JSON with sorted keys and no white space: equal values give equal bytes. Only for plain JSON values. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isPlainObject(value)) return JSON.stringify(value);
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const item = value[key];
    if (item === undefined) continue;
    text += `${text === '' ? '{' : ','}${JSON.stringify(key)}:${canonicalJson(item)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/** A copy whose keys are sorted on every level, without what is undefined. */
export function sortKeys<T>(value: T): T;
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => sortKeys(item));
  if (!isPlainObject(value)) return value;
  const entries: [string, unknown][] = [];
  for (const key of Object.keys(value).sort()) {
    const item = value[key];
    if (item !== undefined) entries.push([key, sortKeys(item)]);
  }
  // Not by assignment, which would lose a key named `__proto__`.
  return Object.fromEntries(entries);
}

/** The value where it is an object, else {}. */
export function objectOf(value: unknown): JsonObject {
  return isPlainObject(value) ? value : {};
}

/** The objects of a list, else []. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((item) => isPlainObject(item)) : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

export function objectAt(owner: JsonObject, name: string): JsonObject {
  return objectOf(owner[name]);
}

export function objectsAt(owner: JsonObject, name: string): readonly JsonObject[] {
  return objectsOf(owner[name]);
}

export function textAt(owner: JsonObject, name: string): string {
  return textOf(owner[name]);
}

export function integerAt(owner: JsonObject, name: string): number | undefined {
  const value = owner[name];
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}

export function textsAt(owner: JsonObject, name: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(objectAt(owner, name)).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, value]] : [],
    ),
  );
}
