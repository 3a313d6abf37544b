// Serves over gRPC what is not on the path of a prediction: metadata, reflection, health. It is asked for rarely, and
// grpc-js costs several megabytes, so the library is loaded when the first connection comes.
import type { ConnectionServer } from '../contract/connection-server.ts';
import type { OffpathGrpcOptions } from './grpc-options.ts';

export function openOffpathGrpc(options: OffpathGrpcOptions): ConnectionServer {
  let loading: Promise<ConnectionServer> | null = null;
  return {
    take: (socket) => {
      // A peer that goes away while the library is being loaded is no fault.
      socket.on('error', () => {});
      loading ??= import('./grpc-services.ts').then((services) => services.openServices(options));
      loading.then(
        (services) => services.take(socket),
        (error: unknown) => {
          options.log.error({ code: 'INTERNAL', err: error }, 'the gRPC services cannot be loaded');
          socket.destroy();
        },
      );
    },
    close: async () => {
      await (await loading)?.close();
    },
  };
}
