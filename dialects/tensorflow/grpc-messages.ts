// TensorFlow Serving's messages over gRPC: PredictRequests and PredictResponses.
import type { Messages } from '../dialect.ts';
import { averageGrpc, averageGrpcBytes } from './average-grpc.ts';
import { answerWithRequest, chainGrpc, modelInRequest, nameRequest } from './chain-grpc.ts';
import { constantGrpc } from './constant.ts';
import { findUnjoinableGrpc, joinGrpc } from './join-grpc.ts';
import { readGrpcRoute } from './route-grpc.ts';

export const TENSORFLOW_GRPC: Messages = {
  dialect: 'tensorflow',
  transport: 'grpc',
  contentType: undefined,
  empty: Buffer.alloc(0),
  requests: {
    modelIn: modelInRequest,
    fit: (message, model, isResponse) =>
      isResponse ? chainGrpc(message, model) : nameRequest(message, model),
    ownFits: false,
    // Tensors are stepped over.
    bytesRead: () => 0,
    asResponse: answerWithRequest,
  },
  readRoute: readGrpcRoute,
  findUnjoinable: findUnjoinableGrpc,
  joinResponses: joinGrpc,
  average: averageGrpc,
  averageBytes: averageGrpcBytes,
  simpleModel: (_request, model) => constantGrpc(model),
  routing: undefined,
};
