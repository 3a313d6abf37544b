// TensorFlow Serving's messages over REST: JSON in rows or columns.
import type { Messages } from '../dialect.ts';
import { averageRest, averageRestBytes } from './average-rest.ts';
import { chainRest } from './chain-rest.ts';
import { constantRest } from './constant.ts';
import { findUnjoinableRest, joinRest } from './join-rest.ts';

import { readRestRoute } from './route-rest.ts';
import { JSON_TYPE } from '../payload.ts';

export const TENSORFLOW_REST: Messages = {
  dialect: 'tensorflow',
  transport: 'rest',
  contentType: JSON_TYPE,
  empty: Buffer.from('{}'),
  requests: {
    modelIn: () => '',
    fit: (message, _model, isResponse) => (isResponse ? chainRest(message) : undefined),
    ownFits: true,
    bytesRead: ({ body }) => body.length,
    asResponse: () => undefined,
  },
  readRoute: readRestRoute,
  findUnjoinable: findUnjoinableRest,
  joinResponses: joinRest,
  average: averageRest,
  averageBytes: averageRestBytes,
  simpleModel: () => constantRest(),
  routing: undefined,
};
