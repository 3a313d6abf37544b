// Names of the gRPC status codes as Go spells them, which is what Seldon's `code` label carries.

const NAMES: readonly string[] = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
];

/** The name of a status code; an unknown number is `Code(n)`, as in Go. */
export function grpcCodeName(code: number): string {
  return NAMES[code] ?? `Code(${code})`;
}
