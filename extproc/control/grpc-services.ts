// The gRPC services that are not on the path of a prediction, on connections that are handed in.
import type { Socket } from 'node:net';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { loadProto } from '../../proto/load.ts';
import type { ConnectionServer } from '../contract/connection-server.ts';
import type { OffpathGrpcOptions } from './grpc-options.ts';
import { describeFiles } from './file-descriptors.ts';
import { healthHandlers } from './grpc-health.ts';
import { metadataHandlers } from './grpc-metadata.ts';

/** Calls in flight get this long when the server closes; a health watch would never end by itself. */
const CLOSE_LIMIT_MS = 1000;

export function openServices({ live, log }: OffpathGrpcOptions): ConnectionServer {
  const definition = loadProto('prediction.proto', 'health.proto');
  const server = new Server();
  const service = (name: string): ServiceDefinition => definition[name] as ServiceDefinition;
  server.addService(service('seldon.protos.Seldon'), metadataHandlers(live, log));
  const health = healthHandlers(live);
  server.addService(service('grpc.health.v1.Health'), health.handlers);
  new ReflectionService(describeFiles(definition), {
    services: ['seldon.protos.Seldon', 'grpc.health.v1.Health'],
  }).addToServer(server);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    take: (socket) => injector.injectConnection(socket as Socket),
    close: () => {
      health.close();
      return new Promise((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), CLOSE_LIMIT_MS);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}
