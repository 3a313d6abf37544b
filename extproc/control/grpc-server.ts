// Serves over gRPC what is not on the path of a prediction: metadata, reflection, health. It is asked for rarely, and
// grpc-js costs several megabytes, so the library is loaded when the first connection comes.
import { dialectOf } from '../../dialects/known/dialects.ts';
import type { DialectName } from '../../graph/plan/plan.ts';
import type { ConnectionServer } from '../contract/connection-server.ts';
import type { ControlGrpcOptions } from './grpc-options.ts';

export function openControlGrpc(options: ControlGrpcOptions): ConnectionServer {
  // By protocol: the next plan of a deployment may speak another one, and connections of the last stay.
  const opened = new Map<DialectName, Promise<ConnectionServer>>();
  const open = (): Promise<ConnectionServer> => {
    const { name } = dialectOf(options.live.plan(undefined)?.dialect ?? 'seldon');
    const known = opened.get(name);
    if (known !== undefined) return known;
    const loading = import('./grpc-services.ts').then((services) =>
      services.openServices(dialectOf(name), options),
    );
    opened.set(name, loading);
    return loading;
  };
  return {
    take: (socket) => {
      // A peer that goes away while the library is being loaded is no fault.
      socket.on('error', () => {});
      open().then(
        (services) => services.take(socket),
        (error: unknown) => {
          options.log.error({ code: 'INTERNAL', err: error }, 'the gRPC services cannot be loaded');
          socket.destroy();
        },
      );
    },
    close: async () => {
      await Promise.all([...opened.values()].map(async (services) => (await services).close()));
    },
  };
}
