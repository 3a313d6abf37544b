// Writes graph/pod/schema.json: the fields of a pod, their types, words and keys, as the lowest and the newest Kubernetes know them.
// They are read from the Go structs that Kubernetes makes its own published schema of (k8s.io/api, Apache-2.0), which the Go module
// proxy has; nothing of it is copied but names. Run it with another version when a new Kubernetes is out.
//   node scripts/pod-schema.ts
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The chart's kubeVersion, and the newest that was out. */
const LOWEST = 'v0.30.0';
const NEWEST = 'v0.37.2';
const ROOTS = ['PodSpec', 'ObjectMeta'];
const SOURCES = [
  ['k8s.io/api', 'core/v1/types.go'],
  ['k8s.io/apimachinery', 'pkg/apis/meta/v1/types.go'],
] as const;
const OUT = fileURLToPath(new URL('../graph/pod/schema.json', import.meta.url));

/** Types that are written in another way than their structs say. */
const LEAVES: Readonly<Record<string, string>> = {
  bool: 'boolean',
  byte: 'integer',
  int32: 'integer',
  int64: 'integer',
  string: 'string',
  IntOrString: 'integerOrString',
  Quantity: 'quantity',
  Time: 'string',
  MicroTime: 'string',
  FieldsV1: 'any',
  UID: 'string',
};

interface Struct {
  /** By the name in JSON. */
  readonly fields: Map<string, Field>;
  /** Structs whose fields are its own. */
  readonly inlined: string[];
}

interface Field {
  readonly type: string;
  readonly isList: boolean;
  readonly isMap: boolean;
  readonly isRequired: boolean;
  /** By which the items of a list are told apart. */
  readonly keys: readonly string[];
}

interface Parsed {
  readonly structs: ReadonlyMap<string, Struct>;
  /** Types that are another one by name, such as `PullPolicy`. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The words of a type that is an enumeration. */
  readonly words: ReadonlyMap<string, readonly string[]>;
}

function parse(version: string): Parsed {
  const structs = new Map<string, Struct>();
  const aliases = new Map<string, string>();
  const words = new Map<string, string[]>();
  const enums = new Set<string>();
  for (const [module, path] of SOURCES) {
    const response = execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], {
      encoding: 'utf8',
    });
    const { Dir } = JSON.parse(response) as { Dir: string };
    const lines = readFileSync(join(Dir, path), 'utf8').split('\n');
    let open: Struct | undefined;
    let comments: string[] = [];
    for (const line of lines) {
      const comment = /^\s*\/\/\s?(.*)$/.exec(line)?.[1];
      if (comment !== undefined) {
        comments.push(comment.trim());
        continue;
      }
      const began = /^type (\w+) struct \{/.exec(line)?.[1];
      const alias = /^type (\w+) (?:\w+\.)?(\w+)$/.exec(line);
      const word = /^\s*\w+\s+(\w+)\s+= "([^"]*)"/.exec(line);
      if (began !== undefined) {
        open = { fields: new Map(), inlined: [] };
        structs.set(began, open);
      } else if (line.startsWith('}')) open = undefined;
      else if (open !== undefined) addField(open, line, comments);
      else if (alias?.[1] !== undefined && alias[2] !== undefined) {
        aliases.set(alias[1], alias[2]);
        if (comments.includes('+enum')) enums.add(alias[1]);
      } else if (word?.[1] !== undefined && word[2] !== undefined)
        words.set(word[1], [...(words.get(word[1]) ?? []), word[2]]);
      comments = [];
    }
  }
  for (const name of words.keys()) if (!enums.has(name)) words.delete(name);
  return { structs, aliases, words };
}

function addField(struct: Struct, line: string, comments: readonly string[]): void {
  const inlined = /^\s*(?:\w+\.)?(\w+)\s+`json:"(?:,inline)?"/.exec(line)?.[1];
  if (inlined !== undefined) {
    struct.inlined.push(inlined);
    return;
  }
  const [, written, name, options = ''] = /^\s*\w+\s+(\S+)\s+`json:"(\w+)([^"]*)"/.exec(line) ?? [];
  if (written === undefined || name === undefined) return;
  const type = written.replace(/^.*[\]*.]/, '');
  const isMap = written.replace('*', '').startsWith('map[') || written === 'ResourceList';
  struct.fields.set(name, {
    type: type === 'ResourceList' ? 'Quantity' : type,
    isList: written.replace('*', '').startsWith('['),
    isMap,
    isRequired: !options.includes('omitempty') && !comments.includes('+optional'),
    keys: comments.flatMap((each) => /^\+listMapKey=(\w+)$/.exec(each)?.[1] ?? []),
  });
}

/** All fields of a struct, with those of what it inlines. */
function fieldsOf({ structs }: Parsed, name: string): ReadonlyMap<string, Field> {
  const struct = structs.get(name);
  if (struct === undefined) throw new Error(`no struct ${name}`);
  return new Map([
    ...struct.inlined.flatMap((each) => [...fieldsOf({ structs } as Parsed, each)]),
    ...struct.fields,
  ]);
}

/** `[Volume]!#name` is a required list with a key, `{quantity}` a map, a leading `+` means the newest alone. */
function describe(parsed: Parsed, field: Field): { readonly text: string; readonly type: string } {
  const { aliases, structs, words } = parsed;
  let { type } = field;
  while (!structs.has(type) && !words.has(type) && aliases.has(type))
    type = aliases.get(type) ?? '';
  const leaf = LEAVES[type] ?? type;
  const inner = field.isList ? `[${leaf}]` : field.isMap ? `{${leaf}}` : leaf;
  const keys = field.keys.length === 0 ? '' : `#${field.keys.join(',')}`;
  return { text: `${inner}${field.isRequired ? '!' : ''}${keys}`, type: leaf };
}

const lowest = parse(LOWEST);
const newest = parse(NEWEST);
const types: Record<string, Record<string, string>> = {};
const enums: Record<string, readonly string[]> = {};
const left = [...ROOTS];
for (let name = left.pop(); name !== undefined; name = left.pop()) {
  if (types[name] !== undefined || Object.values(LEAVES).includes(name)) continue;
  const words = newest.words.get(name);
  if (words !== undefined) {
    enums[name] = [...new Set([...words, ...(lowest.words.get(name) ?? [])])].sort();
    continue;
  }
  const known = lowest.structs.has(name) ? fieldsOf(lowest, name) : new Map<string, Field>();
  const fields: Record<string, string> = {};
  for (const [field, parts] of [...fieldsOf(newest, name)].sort(byName)) {
    const { text, type } = describe(newest, parts);
    fields[field] = `${known.has(field) ? '' : '+'}${text}`;
    left.push(type);
  }
  types[name] = fields;
}
const sorted = <T>(map: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(map).sort(([one], [other]) => (one < other ? -1 : 1)));
const release = (version: string): string => version.replace(/^v0\.(\d+)\..*/, '1.$1');
function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

const schema = {
  comment: 'Generated by scripts/pod-schema.ts from the names in k8s.io/api (Apache-2.0).',
  lowest: release(LOWEST),
  newest: release(NEWEST),
  enums: sorted(enums),
  types: sorted(types),
};
writeFileSync(OUT, `${JSON.stringify(schema, null, 1)}\n`);
process.stdout.write(`${OUT}: ${Object.keys(types).length} types\n`);
