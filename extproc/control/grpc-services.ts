// The gRPC services that are not on the path of a prediction, on connections that are handed in.
import type { Socket } from 'node:net';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { loadProto } from '../../proto/load.ts';
import type { ConnectionServer } from '../contract/connection-server.ts';
import type { ControlGrpcOptions } from './grpc-options.ts';
import { describeFiles } from './file-descriptors.ts';
import { healthHandlers } from './grpc-health.ts';
import { controlServices } from './grpc-control.ts';
import type { Dialect } from '../../dialects/dialect.ts';

const HEALTH = 'grpc.health.v1.Health';
/** Calls in flight get this long when the server closes; a health watch would never end by itself. */
const CLOSE_LIMIT_MS = 1000;

export function openServices(
  dialect: Dialect,
  { live, log }: ControlGrpcOptions,
): ConnectionServer {
  const { files, services } = dialect.control.grpc;
  const definition = loadProto(...files, 'health.proto');
  const server = new Server();
  for (const { service, handlers } of controlServices(dialect, definition, live, log)) {
    server.addService(service, handlers);
  }
  const health = healthHandlers(live, services);
  server.addService(definition[HEALTH] as ServiceDefinition, health.handlers);
  new ReflectionService(describeFiles(definition), {
    services: [...services, HEALTH],
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
