// The header blocks that the filter's server answers with: the same bytes for every stream, since literals without
// indexing and entries of the static table (RFC 7541, appendix A) need no state.

/** `:status: 200`, `content-type: application/grpc`. */
export const RESPONSE_HEADERS = Buffer.concat([
  Buffer.from([0x88, 0x0f, 0x10, 16]),
  Buffer.from('application/grpc', 'latin1'),
]);
export const TRAILERS_OK = statusBlock(0, '');
/** What was sent is no ProcessingRequest. */
export const TRAILERS_BAD_MESSAGE = statusBlock(13, 'not a ProcessingRequest');
/** The filter failed to answer; its log says why. */
export const TRAILERS_INTERNAL = statusBlock(13, 'the filter failed');

function statusBlock(status: number, text: string): Buffer {
  const fields = [literal('grpc-status', String(status))];
  if (text !== '') fields.push(literal('grpc-message', text));
  return Buffer.concat(fields);
}

/** A literal without indexing with a new name; name and value shorter than 127 bytes. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name, 'latin1'),
    Buffer.from([value.length]),
    Buffer.from(value, 'latin1'),
  ]);
}
