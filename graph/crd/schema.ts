// A small builder of schemas: one value is both the TypeScript type of an object (`TypeOf`) and, rendered, the schema by
// which the API server prunes, checks and explains it. It can say types and nothing else (sizes that nobody means are bounded when it is rendered): a rule that the webhook reports too
// would come back before the webhook runs, and hide what else is wrong.

/** A schema of values of type T. Descriptions are full sentences: `kubectl explain` shows them. */
export interface Schema<T> {
  readonly node: SchemaNode;
  /** Never there: it carries the type. */
  readonly phantom?: T;
}

export type TypeOf<S> = S extends Schema<infer T> ? T : never;

export type SchemaNode =
  | { readonly kind: 'scalar'; readonly type: ScalarType; readonly description: string }
  | { readonly kind: 'int-or-string'; readonly description: string }
  /** An object of which every field is kept, known or not. */
  | { readonly kind: 'open'; readonly description: string }
  | { readonly kind: 'map'; readonly description: string; readonly values: SchemaNode }
  | {
      readonly kind: 'list';
      readonly description: string;
      readonly items: SchemaNode;
      /** Fields by which items are told apart in server-side apply; [] leaves the list to one owner. */
      readonly keys: readonly string[];
    }
  | ObjectNode
  /** A list of the object that holds it, or one such object. */
  | { readonly kind: 'children'; readonly description: string };

export interface ObjectNode {
  readonly kind: 'object';
  readonly description: string;
  readonly fields: Readonly<Record<string, SchemaNode>>;
  readonly required: readonly string[];
  /** Whether fields that are not named are kept. */
  readonly open: boolean;
}

export type ScalarType = 'string' | 'integer32' | 'integer64' | 'boolean' | 'date-time';

type Fields = Readonly<Record<string, Schema<unknown>>>;
type ObjectOf<F extends Fields, R extends keyof F> = {
  readonly [K in Exclude<keyof F, R>]?: TypeOf<F[K]>;
} & { readonly [K in R]: TypeOf<F[K]> };

export function text(description: string): Schema<string> {
  return { node: { kind: 'scalar', type: 'string', description } };
}

export function int(description: string): Schema<number> {
  return { node: { kind: 'scalar', type: 'integer32', description } };
}

/** An integer that 32 bits may not hold (generations). */
export function long(description: string): Schema<number> {
  return { node: { kind: 'scalar', type: 'integer64', description } };
}

export function flag(description: string): Schema<boolean> {
  return { node: { kind: 'scalar', type: 'boolean', description } };
}

/** A time as RFC 3339 text. */
export function time(description: string): Schema<string> {
  return { node: { kind: 'scalar', type: 'date-time', description } };
}

export function intOrString(description: string): Schema<number | string> {
  return { node: { kind: 'int-or-string', description } };
}

/** An amount such as `500m` or `2Gi`; a bare number is one too. */
export function quantity(description: string): Schema<number | string> {
  return intOrString(description);
}

/** An object that is kept whole, for what another API defines. */
export function preserve(description: string): Schema<Readonly<Record<string, unknown>>> {
  return { node: { kind: 'open', description } };
}

export function map<T>(
  description: string,
  values: Schema<T>,
): Schema<Readonly<Record<string, T>>> {
  return { node: { kind: 'map', description, values: values.node } };
}

export function list<T>(
  description: string,
  items: Schema<T>,
  { keys = [] }: { readonly keys?: readonly string[] } = {},
): Schema<readonly T[]> {
  return { node: { kind: 'list', description, items: items.node, keys } };
}

/** Fields are optional but for those in `required`, which only objects written by us should have. */
export function object<F extends Fields, R extends keyof F & string = never>(
  description: string,
  fields: F,
  {
    required = [],
    open = false,
  }: { readonly required?: readonly R[]; readonly open?: boolean } = {},
): Schema<ObjectOf<F, R>> {
  const nodes = Object.fromEntries(Object.entries(fields).map(([name, each]) => [name, each.node]));
  return { node: { kind: 'object', description, fields: nodes, required, open } };
}

/**
 * A field that holds more of the object it is in: a list of them or, as old manifests have it, a single one. The type
 * of the field is `unknown`, since a type cannot be inferred from itself; whoever names the object's type refines it.
 */
export function children(description: string): Schema<unknown> {
  return { node: { kind: 'children', description } };
}
