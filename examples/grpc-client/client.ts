// Asks a graph over gRPC: client.ts HOST:PORT FILE, where FILE is a SeldonMessage as JSON. Prints the response and the
// metadata that came with it. The client needs nothing of ours but the .proto file.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import {
  type Client,
  credentials,
  loadPackageDefinition,
  type Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadProto } from '../../proto/load.ts';

/** What the example reads of a SeldonMessage; the message itself has more. */
export interface SeldonMessage {
  readonly data?: {
    readonly names?: readonly string[];
    readonly tensor?: { readonly shape: readonly number[]; readonly values: readonly number[] };
  };
}

/** The client that grpc-js makes of `service Seldon`, with the one method that is called here. */
interface SeldonClient extends Client {
  Predict(
    request: object,
    done: (error: ServiceError | null, response?: SeldonMessage) => void,
  ): {
    on(event: 'metadata', listener: (metadata: Metadata) => void): void;
  };
}

/** One prediction. Rejects with grpc-js's error, which has a code and the metadata. */
export async function predict(
  address: string,
  request: object,
): Promise<{ response: SeldonMessage; metadata: Record<string, unknown> }> {
  const client = connect(address);
  try {
    return await new Promise((resolve, reject) => {
      let metadata: Record<string, unknown> = {};
      const call = client.Predict(request, (error, response) => {
        if (error !== null) reject(error);
        else resolve({ response: response ?? {}, metadata });
      });
      call.on('metadata', (received) => {
        metadata = received.getMap();
      });
    });
  } finally {
    client.close();
  }
}

function connect(address: string): SeldonClient {
  // biome-ignore format: one chain
  const loaded = loadPackageDefinition(loadProto('prediction.proto')) as unknown as {
    seldon: { protos: { Seldon: new (address: string, with_: object) => SeldonClient } };
  };
  return new loaded.seldon.protos.Seldon(address, credentials.createInsecure());
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [address = '127.0.0.1:5001', file = 'examples/grpc-client/request.json'] =
    process.argv.slice(2);
  const request: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const { response, metadata } = await predict(address, Object(request));
  console.log(JSON.stringify({ response, metadata }, null, 2));
}
