// The one gRPC message of a unary request: the body without the message's five-byte frame, uncompressed.
import { gunzip } from 'node:zlib';

export const GRPC_FRAME_BYTES = 5;

export type GrpcBody =
  | { readonly kind: 'message'; readonly message: Buffer }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'broken'; readonly info: string };

/**
 * `whole` is all of the body, `encoding` the value of `grpc-encoding`. `done` is called once, at once for a message that
 * is not compressed.
 */
export function readGrpcBody(
  whole: Buffer,
  encoding: string | null,
  maxBytes: number,
  done: (body: GrpcBody) => void,
): void {
  if (whole.length < GRPC_FRAME_BYTES) {
    done({ kind: 'broken', info: 'the request holds no gRPC message' });
    return;
  }
  const flag = whole[0];
  const announced = whole.readUInt32BE(1);
  const present = whole.length - GRPC_FRAME_BYTES;
  if (announced !== present || (flag !== 0 && flag !== 1)) {
    const info =
      announced > present
        ? `the gRPC message ends after ${present} of ${announced} bytes`
        : 'the request is not one gRPC message';
    done({ kind: 'broken', info });
    return;
  }
  const message = whole.subarray(GRPC_FRAME_BYTES);
  if (flag === 0) {
    done(message.length > maxBytes ? { kind: 'too-large' } : { kind: 'message', message });
    return;
  }
  if (encoding !== 'gzip') {
    done({ kind: 'broken', info: `the gRPC message is compressed, but grpc-encoding is not gzip` });
    return;
  }
  gunzip(message, { maxOutputLength: maxBytes }, (error, inflated) => {
    if (error === null) done({ kind: 'message', message: inflated });
    else if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') done({ kind: 'too-large' });
    else done({ kind: 'broken', info: 'the gRPC message is not valid gzip' });
  });
}
