// The messages of ext_proc as the plain objects that @grpc/proto-loader makes of them, and the service itself.
import { join } from 'node:path';
import { loadPackageDefinition } from '@grpc/grpc-js';
import type { ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface PlainHeader {
  readonly key: string;
  readonly raw_value: Buffer;
}

export interface PlainHeaders {
  readonly headers: { readonly headers: readonly PlainHeader[] } | undefined;
  readonly end_of_stream?: boolean;
}

export interface PlainRequest {
  readonly request_headers?: PlainHeaders;
  readonly request_body?: { readonly body: Buffer; readonly end_of_stream: boolean };
  readonly request_trailers?: object;
  readonly response_headers?: object;
  readonly response_body?: object;
  readonly response_trailers?: object;
  readonly attributes?: {
    readonly [name: string]: {
      readonly fields: { readonly [name: string]: { readonly stringValue?: string } };
    };
  };
}

export type PlainResponse = { readonly [field: string]: unknown };

export const EXT_PROC_PROTO = join(import.meta.dirname, '../../../../proto/envoy/ext_proc.proto');

/** The client class of the service; its `service` is what a server implements. */
export function loadExtProc(): ServiceClientConstructor {
  const definition = loadSync(EXT_PROC_PROTO, {
    keepCase: true,
    longs: Number,
    enums: Number,
    oneofs: true,
    defaults: false,
  });
  let node: unknown = loadPackageDefinition(definition);
  for (const name of ['envoy', 'service', 'ext_proc', 'v3', 'ExternalProcessor']) {
    node = (node as Record<string, unknown>)[name];
  }
  return node as ServiceClientConstructor;
}
