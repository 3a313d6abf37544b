// Renders a schema to the structural OpenAPI form of a CustomResourceDefinition. Structural schemas cannot recurse, so
// children are unrolled to a fixed depth; below it they are kept as they are, and judged by the webhook.
import type { ObjectNode, ScalarType, SchemaNode } from './schema.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Levels of children below the root of a graph that the API server knows the fields of. */
export const CHILDREN_LEVELS = 10;
/** Levels that are explained; the fields of the others read the same. */
const DESCRIBED_LEVELS = 1;

const SCALARS: Readonly<Record<ScalarType, JsonSchema>> = {
  string: { type: 'string' },
  integer32: { type: 'integer', format: 'int32' },
  integer64: { type: 'integer', format: 'int64' },
  boolean: { type: 'boolean' },
  'date-time': { type: 'string', format: 'date-time' },
};

/**
 * Largest sizes of what users write, not below what the checks take: they keep the API server from storing, and everybody who watches
 * from reading, what nobody can mean. The status is the operator's, which bounds it itself.
 */
const MOST = { length: 131_072, items: 1024, properties: 1024 };

/** Within which object, and how deep in it, `children` stands. */
interface Place {
  /** Whether users write it. */
  readonly isBounded: boolean;
  readonly parent: ObjectNode | undefined;
  readonly level: number;
}

export function renderSchema(node: SchemaNode): JsonSchema {
  return render(node, { isBounded: true, parent: undefined, level: 0 });
}

function render(node: SchemaNode, place: Place): JsonSchema {
  const described = place.level <= DESCRIBED_LEVELS || node.kind === 'children';
  return { ...(described ? { description: node.description } : {}), ...renderType(node, place) };
}

function renderType(node: SchemaNode, place: Place): JsonSchema {
  switch (node.kind) {
    case 'scalar':
      return place.isBounded && node.type === 'string'
        ? { ...SCALARS[node.type], maxLength: MOST.length }
        : SCALARS[node.type];
    case 'int-or-string':
      return { 'x-kubernetes-int-or-string': true };
    case 'open':
      return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    case 'map':
      return {
        type: 'object',
        ...(place.isBounded ? { maxProperties: MOST.properties } : {}),
        additionalProperties: render(node.values, place),
      };
    case 'list':
      return {
        type: 'array',
        ...(place.isBounded ? { maxItems: MOST.items } : {}),
        ...(node.keys.length === 0
          ? {}
          : { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [...node.keys] }),
        items: render(node.items, place),
      };
    case 'object':
      return renderObject(node, place);
    case 'children':
      return renderChildren(place);
  }
}

function renderObject(node: ObjectNode, { isBounded, parent, level }: Place): JsonSchema {
  const fields = Object.entries(node.fields).map(([name, each]) => {
    const isStatus = parent === undefined && level === 0 && name === 'status';
    return [name, render(each, { isBounded: isBounded && !isStatus, parent: node, level })];
  });
  return {
    type: 'object',
    ...(node.open ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
    ...(node.required.length === 0 ? {} : { required: [...node.required] }),
    properties: Object.fromEntries(fields),
  };
}

/** Without `type`, so that a list and a single object are both stored; the items of a list are still checked. */
function renderChildren({ isBounded, parent, level }: Place): JsonSchema {
  const kept = { 'x-kubernetes-preserve-unknown-fields': true };
  if (parent === undefined) throw new Error('children are in an object');
  if (level >= CHILDREN_LEVELS) return kept;
  const items = render(parent, { isBounded, parent: undefined, level: level + 1 });
  return { ...kept, ...(isBounded ? { maxItems: MOST.items } : {}), items };
}
