// The thread that reads: an object, as the JSON in which it came over, and settings in; deployments and findings out. It keeps nothing, so it may be ended at any time.
import { parentPort } from 'node:worker_threads';
import type { LoadedDeployments } from '../../graph/seldon/load-deployments.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { readHere } from './inline.ts';
import type { ReadOptions } from './reader.ts';

export interface Question {
  readonly text: string;
  readonly options: ReadOptions;
}

export type ReadResult = LoadedDeployments;

parentPort?.on('message', ({ text, options }: Question) => {
  parentPort?.postMessage(readHere(JSON.parse(text) as JsonObject, options) satisfies ReadResult);
});
