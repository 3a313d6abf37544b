// File descriptors for gRPC reflection, as `protoc` would write them for our files: one for each file, under the name by which
// others import it, with its own imports. The loader makes one invented file of each package and leaves the imports
// out, so that no client could resolve a type of another package.
import type {
  AnyDefinition,
  EnumTypeDefinition,
  MessageTypeDefinition,
  PackageDefinition,
} from '@grpc/proto-loader';
import { BYTES, FieldReader } from '../../lib/codecs/protobuf/reader.ts';
import { bytesField } from '../../lib/codecs/protobuf/writer.ts';

interface DescribedFile {
  readonly name: string;
  readonly package: string;
  /** Names of its messages and enums; undefined: all of the package. */
  readonly types: ReadonlySet<string> | undefined;
  readonly imports: readonly string[];
}

const ANY = 'google/protobuf/any.proto';
const EMPTY = 'google/protobuf/empty.proto';
const STRUCT = 'google/protobuf/struct.proto';
const WRAPPERS = 'google/protobuf/wrappers.proto';

const FILES: readonly DescribedFile[] = [
  { name: ANY, package: 'google.protobuf', types: new Set(['Any']), imports: [] },
  { name: EMPTY, package: 'google.protobuf', types: new Set(['Empty']), imports: [] },
  {
    name: STRUCT,
    package: 'google.protobuf',
    types: new Set(['Struct', 'Value', 'ListValue', 'NullValue']),
    imports: [],
  },
  {
    name: WRAPPERS,
    package: 'google.protobuf',
    types: new Set([
      'DoubleValue',
      'FloatValue',
      'Int64Value',
      'UInt64Value',
      'Int32Value',
      'UInt32Value',
      'BoolValue',
      'StringValue',
      'BytesValue',
    ]),
    imports: [],
  },
  { name: 'tensor.proto', package: 'tensorflow', types: undefined, imports: [] },
  {
    name: 'prediction.proto',
    package: 'seldon.protos',
    types: undefined,
    imports: [ANY, EMPTY, STRUCT, 'tensor.proto'],
  },
  { name: 'inference.proto', package: 'inference', types: undefined, imports: [] },
  {
    name: 'tensorflow_serving.proto',
    package: 'tensorflow.serving',
    types: undefined,
    imports: [ANY, WRAPPERS, 'tensor.proto'],
  },
  { name: 'grpc/health/v1/health.proto', package: 'grpc.health.v1', types: undefined, imports: [] },
];

/** Field numbers of google.protobuf.FileDescriptorProto and what is in it. */
const FILE = { NAME: 1, PACKAGE: 2, DEPENDENCY: 3, MESSAGE: 4, ENUM: 5, SERVICE: 6 } as const;
const MESSAGE = { NAME: 1, FIELD: 2, NESTED: 3, ENUM: 4, OPTIONS: 7 } as const;
const MAP_ENTRY = 7;
const ENTRY = Buffer.from('Entry');
const FIELD = { NAME: 1, TYPE_NAME: 6, JSON_NAME: 10 } as const;
const SERVICE_METHOD = 2;
const METHOD = { INPUT: 2, OUTPUT: 3 } as const;
/** Field `name` of DescriptorProto and EnumDescriptorProto. */
const TYPE_NAME = 1;

/**
 * The definitions with whole file descriptors. Throws for a package that no file of the table above describes: a file that
 * was added to the folder and not here.
 */
export function describeFiles(definitions: PackageDefinition): PackageDefinition {
  const packages = packagesOf(definitions);
  // A package may be named from within another that it contains.
  const declared = new Set(
    packages.flatMap((whole) => declaredTypes(whole, textOf(whole, FILE.PACKAGE))),
  );
  const fileDescriptorProtos = packages.flatMap((whole) => splitPackage(whole, declared));
  const described: PackageDefinition = {};
  for (const [name, definition] of Object.entries(definitions)) {
    described[name] = isType(definition) ? { ...definition, fileDescriptorProtos } : definition;
  }
  return described;
}

type TypeDefinition = MessageTypeDefinition<object, object> | EnumTypeDefinition;

/** A message or enum; a service has no descriptors. */
function isType(definition: AnyDefinition): definition is TypeDefinition {
  return Array.isArray(definition['fileDescriptorProtos']);
}

/** The loader's descriptors, one a package. */
function packagesOf(definitions: PackageDefinition): Buffer[] {
  const packages = new Map<string, Buffer>();
  for (const definition of Object.values(definitions)) {
    if (!isType(definition)) continue;
    for (const bytes of definition.fileDescriptorProtos) {
      packages.set(textOf(bytes, FILE.PACKAGE), bytes);
    }
  }
  return [...packages.values()];
}

function splitPackage(whole: Buffer, declared: ReadonlySet<string>): Buffer[] {
  const name = textOf(whole, FILE.PACKAGE);
  const files = FILES.filter((file) => file.package === name);
  if (files.length === 0) throw new Error(`no file descriptor is known for package ${name}`);
  return files.map((file) => {
    const parts = [
      bytesField(FILE.NAME, Buffer.from(file.name)),
      ...file.imports.map((each) => bytesField(FILE.DEPENDENCY, Buffer.from(each))),
    ];
    const reader = new FieldReader(whole);
    while (reader.next()) {
      const { field, wire, bytes, tagStart, end } = reader;
      if (field === FILE.NAME || field === FILE.DEPENDENCY) continue;
      const isType = wire === BYTES && (field === FILE.MESSAGE || field === FILE.ENUM);
      if (isType && file.types?.has(textOf(reader.payload(), TYPE_NAME)) === false) continue;
      if (field === FILE.MESSAGE) {
        parts.push(bytesField(field, qualifyMessage(reader.payload(), name, declared)));
      } else if (field === FILE.SERVICE) {
        parts.push(bytesField(field, qualifyService(reader.payload(), name, declared)));
      } else parts.push(bytes.subarray(tagStart, end));
    }
    return Buffer.concat(parts);
  });
}

/** Full names, without a dot before them, of what a file or a message declares. */
function declaredTypes(container: Buffer, scope: string, isFile = true): string[] {
  const message = isFile ? FILE.MESSAGE : MESSAGE.NESTED;
  const enumeration = isFile ? FILE.ENUM : MESSAGE.ENUM;
  const names: string[] = [];
  const reader = new FieldReader(container);
  while (reader.next()) {
    if (reader.field !== message && reader.field !== enumeration) continue;
    const name = `${scope}.${textOf(reader.payload(), TYPE_NAME)}`;
    names.push(name);
    if (reader.field === message) names.push(...declaredTypes(reader.payload(), name, false));
  }
  return names;
}

/**
 * A message as `protoc` writes it: its fields name their types in full, where the loader names those of its own package from
 * where they are, the types of its maps are called as maps' are (`tags` → `TagsEntry`), and fields have their names in JSON, without which
 * grpcurl writes others than with the .proto file.
 */
function qualifyMessage(message: Buffer, scope: string, declared: ReadonlySet<string>): Buffer {
  const own = `${scope}.${textOf(message, MESSAGE.NAME)}`;
  const maps = mapEntries(message);
  return rewrite(message, (field, payload) => {
    if (field === MESSAGE.NESTED) {
      const nested = qualifyMessage(payload, own, declared);
      if (!maps.has(textOf(payload, MESSAGE.NAME))) return nested;
      return rewrite(nested, (inner, text) =>
        inner === MESSAGE.NAME ? Buffer.concat([text, ENTRY]) : text,
      );
    }
    if (field !== MESSAGE.FIELD) return payload;
    const qualified = rewrite(payload, (inner, text) => {
      if (inner !== FIELD.TYPE_NAME) return text;
      return maps.has(text.toString('utf8'))
        ? Buffer.from(`.${own}.${text.toString('utf8')}Entry`)
        : fullName(text, own, declared);
    });
    const jsonName = bytesField(FIELD.JSON_NAME, jsonNameOf(textOf(payload, FIELD.NAME)));
    return Buffer.concat([qualified, jsonName]);
  });
}

/** `raw_output_contents` → `rawOutputContents` */
function jsonNameOf(name: string): Buffer {
  return Buffer.from(name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase()));
}

/** Names of the nested messages that stand for the entries of maps. */
function mapEntries(message: Buffer): ReadonlySet<string> {
  const names = new Set<string>();
  const reader = new FieldReader(message);
  while (reader.next()) {
    if (reader.field !== MESSAGE.NESTED) continue;
    const options = new FieldReader(bytesOf(reader.payload(), MESSAGE.OPTIONS));
    while (options.next()) {
      if (options.field === MAP_ENTRY) names.add(textOf(reader.payload(), MESSAGE.NAME));
    }
  }
  return names;
}

function qualifyService(service: Buffer, scope: string, declared: ReadonlySet<string>): Buffer {
  return rewrite(service, (field, payload) => {
    if (field !== SERVICE_METHOD) return payload;
    return rewrite(payload, (inner, text) =>
      inner === METHOD.INPUT || inner === METHOD.OUTPUT ? fullName(text, scope, declared) : text,
    );
  });
}

function fullName(text: Buffer, scope: string, declared: ReadonlySet<string>): Buffer {
  const name = text.toString('utf8');
  if (name.startsWith('.')) return text;
  for (
    let place = scope;
    place !== '';
    place = place.slice(0, Math.max(0, place.lastIndexOf('.')))
  ) {
    if (declared.has(`${place}.${name}`)) return Buffer.from(`.${place}.${name}`);
  }
  return Buffer.from(`.${name}`);
}

/** A message with its length-delimited fields as `change` gives them, all others as they are. */
function rewrite(message: Buffer, change: (field: number, payload: Buffer) => Buffer): Buffer {
  const parts: Buffer[] = [];
  const reader = new FieldReader(message);
  while (reader.next()) {
    const { field, wire, bytes, tagStart, end } = reader;
    if (wire === BYTES) parts.push(bytesField(field, change(field, reader.payload())));
    else parts.push(bytes.subarray(tagStart, end));
  }
  return Buffer.concat(parts);
}

function textOf(message: Buffer, field: number): string {
  return bytesOf(message, field).toString('utf8');
}

/** The first field of that number, empty when there is none. */
function bytesOf(message: Buffer, field: number): Buffer {
  const reader = new FieldReader(message);
  while (reader.next()) if (reader.field === field) return reader.payload();
  return Buffer.alloc(0);
}
