// What a gRPC response's header fields say of its end: `grpc-status`, `grpc-message`, and what stands in for them when a
// peer or a proxy did not speak gRPC.

/** No field says how the call ended. */
const UNKNOWN = 2;

export interface GrpcEnd {
  readonly status: number;
  readonly message: string;
}

/** The end that the fields give; undefined when they hold no `grpc-status`. */
export function readEnd(fields: readonly string[]): GrpcEnd | undefined {
  const status = fieldOf(fields, 'grpc-status');
  if (status === undefined) return undefined;
  const message = fieldOf(fields, 'grpc-message');
  return {
    status: /^\d{1,9}$/.test(status) ? Number(status) : UNKNOWN,
    message: message === undefined ? '' : decodeMessage(message),
  };
}

/**
 * The end of a response without `grpc-status`, by the table of gRPC's "HTTP to gRPC Status Code Mapping"; undefined for
 * status 200, where the response is not whole.
 */
export function endOfHttp(status: number): GrpcEnd | undefined {
  return status === 200
    ? undefined
    : { status: codeOfHttp(status), message: `HTTP status ${status}` };
}

function codeOfHttp(status: number): number {
  switch (status) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return UNKNOWN;
  }
}

/** Value of the first field of that name in name, value, name, value … */
export function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}

/** Percent-decoding as the gRPC protocol asks for: UTF-8, and what is no escape stays as it is. */
export function decodeMessage(value: string): string {
  if (!value.includes('%')) return value;
  const bytes: number[] = [];
  for (let i = 0; i < value.length; i++) {
    const escape = value[i] === '%' ? /^[0-9a-fA-F]{2}$/.exec(value.slice(i + 1, i + 3)) : null;
    if (escape === null) {
      bytes.push(value.charCodeAt(i) & 0xff);
    } else {
      bytes.push(Number.parseInt(escape[0], 16));
      i += 2;
    }
  }
  return Buffer.from(bytes).toString('utf8');
}
