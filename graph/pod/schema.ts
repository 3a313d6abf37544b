// The fields of a pod as Kubernetes publishes them, from schema.json (scripts/pod-schema.ts writes it).
import schema from './schema.json' with { type: 'json' };

export type FieldType =
  | {
      readonly kind: 'leaf';
      readonly leaf: 'string' | 'boolean' | 'integer' | 'integerOrString' | 'quantity' | 'any';
    }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'object'; readonly name: string }
  /** Items are told apart by the values of `keys`; [] where they need not be. */
  | { readonly kind: 'list'; readonly item: FieldType; readonly keys: readonly string[] }
  | { readonly kind: 'map'; readonly item: FieldType };

export interface SchemaField {
  readonly type: FieldType;
  readonly isRequired: boolean;
  /** Whether the lowest Kubernetes that is supported does not know it. */
  readonly isNew: boolean;
}

export const LOWEST_KUBERNETES = schema.lowest;
export const NEWEST_KUBERNETES = schema.newest;

const LEAVES = ['string', 'boolean', 'integer', 'integerOrString', 'quantity', 'any'] as const;
const ENUMS: Readonly<Record<string, readonly string[]>> = schema.enums;
const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = schema.types;
const parsed = new Map<string, ReadonlyMap<string, SchemaField>>();

/** The fields of a type such as `PodSpec` or `Container`. */
export function fieldsOf(type: string): ReadonlyMap<string, SchemaField> {
  let fields = parsed.get(type);
  if (fields === undefined) {
    const written = TYPES[type];
    if (written === undefined) throw new Error(`schema.json has no type ${type}`);
    fields = new Map(Object.entries(written).map(([name, text]) => [name, parseField(text)]));
    parsed.set(type, fields);
  }
  return fields;
}

/** `+[Volume]!#name`: only the newest has it, a list, required, told apart by name. */
function parseField(text: string): SchemaField {
  const match = /^(\+?)([[{]?)(\w+)[\]}]?(!?)(?:#([\w,]+))?$/.exec(text);
  if (match === null) throw new Error(`schema.json: ${text}`);
  const [, isNew, bracket, name = '', required, keys] = match;
  const item = parseType(name);
  const type: FieldType =
    bracket === '['
      ? { kind: 'list', item, keys: keys?.split(',') ?? [] }
      : bracket === '{'
        ? { kind: 'map', item }
        : item;
  return { type, isRequired: required === '!', isNew: isNew === '+' };
}

function parseType(name: string): FieldType {
  const leaf = LEAVES.find((each) => each === name);
  if (leaf !== undefined) return { kind: 'leaf', leaf };
  const words = ENUMS[name];
  return words === undefined ? { kind: 'object', name } : { kind: 'words', words };
}
