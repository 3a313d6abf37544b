// Envoy's configuration as plain JSON values. Everything in this folder renders to these; only the writer turns
// them into text.

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };
export type EnvoyJson = { readonly [name: string]: Json };

/** A `google.protobuf.Any` as Envoy reads it from JSON; `type` is the message's full name. */
export function typed(type: string, fields: EnvoyJson = {}): EnvoyJson {
  return { '@type': `type.googleapis.com/${type}`, ...fields };
}

/** A protobuf duration of whole milliseconds: `1.500s`. */
export function duration(ms: number): string {
  return `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}s`;
}

/** A `HeaderValueOption` that replaces what is there; a value that comes out empty adds nothing. */
export function overwriteHeader(key: string, value: string): EnvoyJson {
  return { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}

/** A literal inside a format string: a percent sign would begin a command. */
export function literal(text: string): string {
  return text.replaceAll('%', '%%');
}
