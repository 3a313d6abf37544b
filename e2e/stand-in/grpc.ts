// gRPC for stand-ins, both sides: unary methods of services of proto/. What a handler throws is INTERNAL with its message, unless the
// error names a code.
import {
  credentials,
  Metadata,
  makeClientConstructor,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadProto, type ProtoFile } from '../../proto/load.ts';

/** A message as proto-loader has it: the fields that are set. */
export type Message = Readonly<Record<string, unknown>>;
export type Methods = Readonly<Record<string, (request: Message) => Message | Promise<Message>>>;

export class GrpcError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Serves methods by their full name, `seldon.protos.Model/Predict`. */
export async function serveGrpc(
  port: number,
  file: ProtoFile,
  methods: Methods,
): Promise<{ readonly port: number; close(): void }> {
  const server = new Server();
  for (const [service, own] of byService(methods)) {
    const implementation: UntypedServiceImplementation = {};
    for (const [name, handle] of own)
      implementation[name] = (
        call: { readonly request: Message },
        done: (error: object | null, response?: Message) => void,
      ): void => {
        void Promise.resolve()
          .then(() => handle(call.request))
          .then(
            (response) => done(null, response),
            (error: unknown) =>
              done({
                code: error instanceof GrpcError ? error.code : status.INTERNAL,
                message: error instanceof Error ? error.message : String(error),
              }),
          );
      };
    server.addService(serviceOf(file, service), implementation);
  }
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`0.0.0.0:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    );
  });
  return { port: bound, close: () => server.forceShutdown() };
}

/** One call by a method's full name. Rejects with grpc-js's error. */
export async function callGrpc(
  address: string,
  file: ProtoFile,
  method: string,
  request: Message,
  headers: Readonly<Record<string, string>> = {},
): Promise<Message> {
  const [service = '', name = ''] = method.split('/');
  const Client = makeClientConstructor(serviceOf(file, service), service);
  const { host, ...others } = headers;
  const options = host === undefined ? {} : { 'grpc.default_authority': host };
  const client = new Client(address, credentials.createInsecure(), options);
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(others)) metadata.set(key, value);
  const { path, requestSerialize, responseDeserialize } = methodOf(file, service, name);
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        { deadline: Date.now() + 30_000 },
        (error: ServiceError | null, response?: object) =>
          error === null ? resolve((response ?? {}) as Message) : reject(error),
      );
    });
  } finally {
    client.close();
  }
}

function byService(methods: Methods): Map<string, [string, Methods[string]][]> {
  const services = new Map<string, [string, Methods[string]][]>();
  for (const [method, handle] of Object.entries(methods)) {
    const [service = '', name = ''] = method.split('/');
    services.set(service, [...(services.get(service) ?? []), [name, handle]]);
  }
  return services;
}

function serviceOf(file: ProtoFile, service: string): ServiceDefinition {
  const found = loadProto(file)[service];
  if (found === undefined || 'format' in found) throw new Error(`${file} has no ${service}`);
  return found;
}

function methodOf(
  file: ProtoFile,
  service: string,
  name: string,
): MethodDefinition<object, object> {
  const found = serviceOf(file, service)[name];
  if (found === undefined) throw new Error(`${service} has no ${name}`);
  return found as MethodDefinition<object, object>;
}
