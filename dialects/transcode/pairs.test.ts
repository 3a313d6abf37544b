import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIALECTS } from '../known/dialects.ts';
import { isTranslated } from '../known/pairs.ts';
import { createTranscoder } from './transcode.ts';

test('what is said to be translated is what there is a way for', () => {
  const names = Object.values(DIALECTS).map(({ name }) => name);
  for (const graph of names)
    for (const unit of names)
      for (const transport of ['rest', 'grpc'] as const)
        assert.equal(
          isTranslated(graph, unit),
          createTranscoder(graph, unit, transport) !== undefined,
          `${graph}, ${unit}, ${transport}`,
        );
});
