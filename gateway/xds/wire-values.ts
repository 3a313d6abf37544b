// Envoy's configuration is plain proto3 JSON everywhere; the encoder wants durations and optional numbers as messages of their
// own. In: a value and the name of its message; out: the same value as the encoder takes it.
import type { MessageTypeDefinition, PackageDefinition } from '@grpc/proto-loader';
import type { Json, EnvoyJson } from '../../envoy/kit/json.ts';

const URL_PREFIX = 'type.googleapis.com/';
const DURATION = 'google.protobuf.Duration';
const WRAPPER = /^google\.protobuf\.(UInt32|UInt64|Int32|Int64|Bool|Double|Float|String)Value$/;

/** What a field holds, as far as its value has another form on the wire. */
type Form =
  | { readonly kind: 'duration' | 'wrapper' | 'any' | 'struct' }
  | { readonly kind: 'message'; readonly name: string }
  /** Values by their names. */
  | { readonly kind: 'enum'; readonly name: string; readonly values: ReadonlySet<string> }
  /** A map whose values have a form. */
  | { readonly kind: 'map'; readonly of: Form };

/** By the names of all its fields; undefined where a value is on the wire what it is in JSON. */
type Message = ReadonlyMap<string, Form | undefined>;

/** Says of a part which message it is. */
const TYPE = '@type';

interface FieldDescriptor {
  readonly name: string;
  readonly type: string;
  readonly typeName: string;
}

interface MessageDescriptor {
  readonly name: string;
  readonly field: readonly FieldDescriptor[];
  readonly nestedType: readonly MessageDescriptor[];
  readonly enumType: readonly EnumDescriptor[];
  readonly options?: { readonly mapEntry?: boolean } | null;
}

interface EnumDescriptor {
  readonly name: string;
  readonly value: readonly { readonly name: string }[];
}

/** The messages of `.proto` files, by what their fields hold. */
export class WireValues {
  readonly #descriptors = new Map<string, MessageDescriptor>();
  readonly #enums = new Map<string, ReadonlySet<string>>();
  readonly #messages = new Map<string, Message>();

  constructor(definitions: PackageDefinition) {
    for (const [name, definition] of Object.entries(definitions)) {
      if (!('type' in definition)) continue;
      const { type } = definition as MessageTypeDefinition<object, object>;
      if ('field' in type) this.#add(name, type as unknown as MessageDescriptor);
      else if ('value' in type) this.#addEnum(name, type as unknown as EnumDescriptor);
    }
  }

  /** `name` as in the `.proto` file: `envoy.config.cluster.v3.Cluster`. Throws for a field, or a value by its name, that no file has: the encoder would leave it out. */
  convert(name: string, value: EnvoyJson): object {
    const message = this.#messageOf(name);
    const wire: Record<string, unknown> = {};
    for (const [field, each] of Object.entries(value)) {
      if (!message.has(field) && field !== TYPE)
        throw new Error(`no proto file holds ${field} of ${name}`);
      const form = message.get(field);
      wire[field] = form === undefined ? each : this.#convertField(form, each);
    }
    return wire;
  }

  #convertField(form: Form, value: Json): unknown {
    if (Array.isArray(value)) return value.map((each: Json) => this.#convertField(form, each));
    switch (form.kind) {
      case 'duration':
        return typeof value === 'string' ? parseDuration(value) : value;
      case 'wrapper':
        return { value };
      case 'enum':
        if (typeof value === 'string' && !form.values.has(value))
          throw new Error(`no proto file holds ${value} of ${form.name}`);
        return value;
      case 'any':
        return this.#convertAny(value);
      case 'struct':
        return isObject(value) ? structOf(value) : value;
      case 'message':
        return isObject(value) ? this.convert(form.name, value) : value;
      case 'map':
        return isObject(value)
          ? Object.fromEntries(
              Object.entries(value).map(([key, each]) => [key, this.#convertField(form.of, each)]),
            )
          : value;
    }
  }

  /** One that is in bytes already passes. */
  #convertAny(value: Json): unknown {
    if (!isObject(value)) return value;
    const url = value[TYPE];
    return typeof url === 'string' ? this.convert(url.slice(URL_PREFIX.length), value) : value;
  }

  #add(name: string, descriptor: MessageDescriptor): void {
    this.#descriptors.set(name, descriptor);
    for (const nested of descriptor.nestedType) this.#add(`${name}.${nested.name}`, nested);
    for (const nested of descriptor.enumType) this.#addEnum(`${name}.${nested.name}`, nested);
  }

  #addEnum(name: string, descriptor: EnumDescriptor): void {
    this.#enums.set(name, new Set(descriptor.value.map((each) => each.name)));
  }

  #messageOf(name: string): Message {
    const known = this.#messages.get(name);
    if (known !== undefined) return known;
    const descriptor = this.#descriptors.get(name);
    const message = new Map<string, Form | undefined>();
    for (const field of descriptor?.field ?? []) {
      message.set(field.name, this.#formOfField(name, field));
    }
    this.#messages.set(name, message);
    return message;
  }

  #formOfField(scope: string, { type, typeName }: FieldDescriptor): Form | undefined {
    if (type === 'TYPE_MESSAGE') return this.#formOf(scope, typeName);
    if (type !== 'TYPE_ENUM') return undefined;
    const name = resolve(this.#enums, scope, typeName);
    return { kind: 'enum', name, values: this.#enums.get(name) ?? new Set() };
  }

  #formOf(scope: string, typeName: string): Form | undefined {
    if (typeName === DURATION) return { kind: 'duration' };
    if (WRAPPER.test(typeName)) return { kind: 'wrapper' };
    if (typeName === 'google.protobuf.Any') return { kind: 'any' };
    if (typeName === 'google.protobuf.Struct') return { kind: 'struct' };
    const name = resolve(this.#descriptors, scope, typeName);
    const descriptor = this.#descriptors.get(name);
    if (descriptor?.options?.mapEntry !== true) return { kind: 'message', name };
    const value = descriptor.field.find((field) => field.name === 'value');
    if (value?.type !== 'TYPE_MESSAGE') return undefined;
    const of = this.#formOf(name, value.typeName);
    return of === undefined ? undefined : { kind: 'map', of };
  }
}

/** Names are said from the inside out, as in the language. */
function resolve(known: ReadonlyMap<string, unknown>, scope: string, typeName: string): string {
  const parts = scope.split('.');
  for (let length = parts.length; length >= 0; length--) {
    const name = [...parts.slice(0, length), typeName].join('.');
    if (known.has(name)) return name;
  }
  throw new Error(`no proto file holds ${typeName}, which ${scope} names`);
}

/** `1.500s`. */
function parseDuration(text: string): { seconds: number; nanos: number } {
  const [seconds = '', fraction = ''] = text.slice(0, -1).split('.');
  return { seconds: Number(seconds), nanos: Number(fraction.padEnd(9, '0')) };
}

/** A Struct: of an endpoint's metadata, whose values are texts. */
function structOf(value: EnvoyJson): object {
  const fields = Object.entries(value).map(([key, each]): [string, object] => {
    if (typeof each !== 'string') throw new Error(`the value of ${key} in a Struct is no text`);
    return [key, { stringValue: each }];
  });
  return { fields: Object.fromEntries(fields) };
}

function isObject(value: Json): value is EnvoyJson {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
