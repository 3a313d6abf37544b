// The process of the stubs: `node bench/stubs.ts '{"rest":…,"grpc":…,"grpcRoute":…}'`; prints `ready` and serves.
import type { StubPorts } from './graphs.ts';
import { ROUTE_MESSAGE } from './payload.ts';
import { startGrpcStub } from './stub-grpc.ts';
import { startHttpStub } from './stub-http.ts';

const ports = JSON.parse(process.argv[2] ?? '{}') as StubPorts;
await startHttpStub(ports.rest);
await startGrpcStub(ports.grpc, undefined);
await startGrpcStub(ports.grpcRoute, ROUTE_MESSAGE);
process.on('disconnect', () => process.exit(0));
process.stdout.write('ready\n');
