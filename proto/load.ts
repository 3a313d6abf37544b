// Loads our .proto files. The one place that says how messages look in JavaScript: names as in the file, 64-bit
// integers as strings (exact), enums as their names, bytes as Buffers, absent fields absent.
import { fileURLToPath } from 'node:url';
import { loadSync, type Options, type PackageDefinition } from '@grpc/proto-loader';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

export const LOADER_OPTIONS: Options = {
  keepCase: true,
  longs: String,
  enums: String,
  bytes: Buffer,
  defaults: false,
  arrays: true,
  objects: false,
  oneofs: false,
  includeDirs: [FOLDER],
};

export type ProtoFile =
  | 'prediction.proto'
  | 'health.proto'
  | 'tensor.proto'
  | 'inference.proto'
  | 'tensorflow_serving.proto';

/**
 * Reads files of this folder to the definitions that `@grpc/grpc-js` and `@grpc/reflection` take. Throws when a file
 * cannot be read, which is a broken installation.
 */
export function loadProto(...files: readonly ProtoFile[]): PackageDefinition {
  return loadSync([...files], LOADER_OPTIONS);
}
