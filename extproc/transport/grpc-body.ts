// The one gRPC message of a unary request: the body without the message's five-byte frame, uncompressed.
import { GRPC_FRAME_BYTES, GRPC_PACKED, GRPC_PLAIN } from '../../lib/codecs/grpc/frame.ts';
import type { CallHandle } from '../contract/calls.ts';
import { type ByteAccount, OVERLOADED_INFO } from '../contract/held-bytes.ts';
import { encodingOf } from '../contract/unpack/encodings.ts';
import { unpack } from '../contract/unpack/unpack.ts';

export type GrpcBody =
  | { readonly kind: 'message'; readonly message: Buffer }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'overloaded'; readonly info: string }
  | { readonly kind: 'broken'; readonly info: string };

/**
 * `whole` is all of the body, `encoding` the value of `grpc-encoding`. `done` is called once, at once but for a large
 * compressed message; the handle stops the unpacking of that.
 */
export function readGrpcBody(
  whole: Buffer,
  encoding: string | undefined,
  maxBytes: number,
  account: ByteAccount,
  done: (body: GrpcBody) => void,
): CallHandle | undefined {
  const broken = (info: string): undefined => {
    done({ kind: 'broken', info });
    return undefined;
  };
  if (whole.length < GRPC_FRAME_BYTES) return broken('the request holds no gRPC message');
  const flag = whole[0];
  const announced = whole.readUInt32BE(1);
  const present = whole.length - GRPC_FRAME_BYTES;
  if (announced !== present || (flag !== GRPC_PLAIN && flag !== GRPC_PACKED)) {
    return broken(
      announced > present
        ? `the gRPC message ends after ${present} of ${announced} bytes`
        : 'the request is not one gRPC message',
    );
  }
  const message = whole.subarray(GRPC_FRAME_BYTES);
  if (flag === GRPC_PLAIN) {
    done(message.length > maxBytes ? { kind: 'too-large' } : { kind: 'message', message });
    return undefined;
  }
  const known = encoding === 'gzip' || encoding === 'deflate' ? encodingOf(encoding) : undefined;
  if (known === undefined) {
    return broken('the gRPC message is compressed, but grpc-encoding is neither gzip nor deflate');
  }
  return unpack(message, known, maxBytes, account, (unpacked) => {
    switch (unpacked.kind) {
      case 'plain':
        done({ kind: 'message', message: unpacked.body });
        return;
      case 'too-large':
        done({ kind: 'too-large' });
        return;
      case 'overloaded':
        done({ kind: 'overloaded', info: OVERLOADED_INFO });
        return;
      case 'broken':
        broken(`the gRPC message is not valid ${encoding}`);
    }
  });
}
