// Stub units for the tests with a real Envoy: they answer with what they were sent.
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import {
  Server,
  ServerCredentials,
  credentials,
  makeGenericClientConstructor,
} from '@grpc/grpc-js';
import type { Metadata, ServiceDefinition } from '@grpc/grpc-js';

export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: number;
  readonly head: string;
}

/** Answers JSON that says what came (`Echo`). */
export async function startRestUnit(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const echo: Echo = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        bytes: body.length,
        head: body.toString('latin1', 0, 64),
      };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(echo));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return { port: address.port, close: () => server.closeAllConnections() ?? server.close() };
}

const raw = {
  serialize: (bytes: Buffer) => bytes,
  deserialize: (bytes: Buffer) => bytes,
};

export const RAW_SERVICE: ServiceDefinition = {
  Predict: {
    path: '/seldon.protos.Model/Predict',
    requestStream: false,
    responseStream: false,
    requestSerialize: raw.serialize,
    requestDeserialize: raw.deserialize,
    responseSerialize: raw.serialize,
    responseDeserialize: raw.deserialize,
  },
};

const UNLIMITED = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

/** Answers the same message, with the header `unit: m` and the trailer `calls: 1`. */
export async function startGrpcUnit(
  seen: (metadata: Metadata) => void,
): Promise<{ readonly port: number; close(): void }> {
  const server = new Server(UNLIMITED);
  server.addService(RAW_SERVICE, {
    Predict: (call: GrpcCall, done: (error: null, response: Buffer, trailer: Metadata) => void) => {
      seen(call.metadata);
      const trailer = call.metadata.clone();
      trailer.set('calls', '1');
      done(null, call.request, trailer);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: () => server.forceShutdown() };
}

interface GrpcCall {
  readonly metadata: Metadata;
  readonly request: Buffer;
}

/** A gRPC client of `/seldon.protos.Model/Predict` with raw messages. */
export function openGrpcClient(port: number, options: object = {}) {
  const Client = makeGenericClientConstructor(RAW_SERVICE, 'Model');
  return new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    ...UNLIMITED,
    ...options,
  });
}
