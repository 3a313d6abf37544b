// The gRPC status codes as metrics label them: `code` has the name, as Go spells it and Seldon's executor did; `status` an HTTP status, so
// that one expression counts the failures of both transports.

/** In the order of their numbers. The HTTP statuses are those of google.rpc.Code, but for ResourceExhausted: it is a server that is full. */
const CODES: readonly (readonly [name: string, httpStatus: string])[] = [
  ['OK', '200'],
  ['Canceled', '499'],
  ['Unknown', '500'],
  ['InvalidArgument', '400'],
  ['DeadlineExceeded', '504'],
  ['NotFound', '404'],
  ['AlreadyExists', '409'],
  ['PermissionDenied', '403'],
  ['ResourceExhausted', '503'],
  ['FailedPrecondition', '400'],
  ['Aborted', '409'],
  ['OutOfRange', '400'],
  ['Unimplemented', '501'],
  ['Internal', '500'],
  ['Unavailable', '503'],
  ['DataLoss', '500'],
  ['Unauthenticated', '401'],
];
const HTTP_STATUSES: ReadonlyMap<string, string> = new Map(CODES);

/** The name of a status code; an unknown number is `Code(n)`, as in Go. */
export function grpcCodeName(code: number): string {
  return CODES[code]?.[0] ?? `Code(${code})`;
}

/** The `status` of a `code`: of an HTTP status, and of a code that gRPC does not name, itself. */
export function statusOfCode(code: string): string {
  return HTTP_STATUSES.get(code) ?? code;
}
