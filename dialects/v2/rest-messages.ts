// V2's messages over REST: JSON, with or without tensors in binary behind it.
import type { Messages } from '../dialect.ts';
import { averageRest, averageRestBytes } from './average-rest.ts';
import { chainRest } from './chain-rest.ts';
import { constantRest } from './constant.ts';
import { findUnjoinableRest, joinRest } from './join-rest.ts';
import { scannedBytes } from './layout.ts';
import { readRestRoute } from './route-rest.ts';
import { JSON_TYPE } from '../payload.ts';

export const V2_REST: Messages = {
  dialect: 'v2',
  transport: 'rest',
  contentType: JSON_TYPE,
  empty: Buffer.from('{}'),
  requests: {
    modelIn: () => '',
    fit: (message, _model, isResponse) => (isResponse ? chainRest(message) : undefined),
    ownFits: true,
    bytesRead: scannedBytes,
    asResponse: () => undefined,
  },
  readRoute: readRestRoute,
  findUnjoinable: findUnjoinableRest,
  joinResponses: joinRest,
  average: averageRest,
  averageBytes: averageRestBytes,
  simpleModel: (_request, model) => constantRest(model),
  routing: undefined,
};
