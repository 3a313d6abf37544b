import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownAnnotations } from './annotations.ts';

test("a component's annotations are its Deployment's too, but for ours", () => {
  assert.deepEqual(
    ownAnnotations({ 'reloader.example.org/auto': 'true', 'sidegraph.io/graph': 'iris' }),
    { 'reloader.example.org/auto': 'true' },
  );
});
