// Serves over gRPC what is not on the path of a prediction: metadata, reflection, health. It is asked for rarely, and
// grpc-js costs several megabytes, so the library is loaded when the first connection comes.
import { createServer, type Socket } from 'node:net';
import { listenAtPath } from '../listen.ts';
import type { LiveDeployment } from '../live-deployment.ts';
import type { Log } from '../log.ts';

export interface OffpathGrpcOptions {
  readonly path: string;
  readonly live: LiveDeployment;
  readonly log: Log;
}

/** What serves connections once it is loaded. */
export interface ConnectionServer {
  take(socket: Socket): void;
  /** Lets calls in flight end. */
  close(): Promise<void>;
}

export async function startOffpathGrpc(
  options: OffpathGrpcOptions,
): Promise<{ close(): Promise<void> }> {
  let loading: Promise<ConnectionServer> | null = null;
  const server = createServer((socket) => {
    // A peer that goes away while the library is being loaded is no fault.
    const ignore = (): void => {};
    socket.on('error', ignore);
    loading ??= import('./grpc-services.ts').then((services) => services.openServices(options));
    loading.then(
      (services) => services.take(socket),
      (error: unknown) => {
        options.log.error({ code: 'INTERNAL', err: error }, 'the gRPC services cannot be loaded');
        socket.destroy();
      },
    );
  });
  await listenAtPath(server, options.path);
  return {
    close: async () => {
      server.close();
      await (await loading)?.close();
    },
  };
}
