// Seldon's gRPC through the gateway, with the two headers that Seldon's clients send.
import {
  type Client,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadProto } from '../../../proto/load.ts';
import { GATEWAY } from './cluster.ts';

export interface Message {
  readonly data?: {
    readonly tensor?: { readonly shape: readonly number[]; readonly values: readonly number[] };
  };
}

interface SeldonClient extends Client {
  Predict(
    request: object,
    metadata: Metadata,
    done: (error: ServiceError | null, response?: Message) => void,
  ): void;
}

/** Rejects with grpc-js's error. */
export async function predictGrpc(
  namespace: string,
  name: string,
  request: object,
): Promise<Message> {
  // biome-ignore format: one chain
  const loaded = loadPackageDefinition(loadProto('prediction.proto')) as unknown as {
    seldon: { protos: { Seldon: new (address: string, with_: object) => SeldonClient } };
  };
  const address = `${GATEWAY.host}:${GATEWAY.port}`;
  const client = new loaded.seldon.protos.Seldon(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('seldon', name);
  metadata.set('namespace', namespace);
  try {
    return await new Promise((resolve, reject) => {
      client.Predict(request, metadata, (error, response) => {
        if (error !== null) reject(error);
        else resolve(response ?? {});
      });
    });
  } finally {
    client.close();
  }
}
