import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFindings } from '../../graph/manifest/finding.ts';
import { tellGravest } from '../observe/check-object.ts';
import { shortenMessage } from './summary.ts';

test('a column gets the first line, cut at a word', () => {
  assert.equal(shortenMessage({ text: '' }), '');
  assert.equal(shortenMessage({ text: 'main: starting' }), 'main: starting');
  const text =
    'main: 1 of 2 pods: container classifier runs but is not ready yet; 1 of 2 pods: starting';
  assert.equal(
    shortenMessage({ text }),
    'main: 1 of 2 pods: container classifier runs but is not ready yet; 1 of 2…',
  );
  assert.equal(shortenMessage({ text: 'one\ntwo' }), 'one');
  assert.equal(shortenMessage({ text: 'x'.repeat(100) }).length, 80);
});

test('of findings the column gets the gravest, with its place where there is room', () => {
  const sink = openFindings('test', () => undefined);
  sink.add('FIELD_UNKNOWN', 'spec.x', 'the document has no field x', 'remove it');
  sink.add('PREDICTORS_MISSING', 'spec.predictors', 'none', 'write one');
  assert.equal(shortenMessage(tellGravest(sink.findings)), 'spec.predictors: none; write one');
});

test('where there is no room for all, the column gets the reason', () => {
  const sink = openFindings('test', () => undefined);
  const path = 'spec.predictors[0].componentSpecs[0].spec.containers[0].volumeMounts[0].name';
  sink.add('POD_INVALID', path, 'the pod has no volume "nope"', 'name a volume');
  assert.equal(
    shortenMessage(tellGravest(sink.findings)),
    'the pod has no volume "nope"; name a volume',
  );
  const reason = 'refused: a mount names a volume that the pod does not have';
  const text = `Kubernetes refuses the Deployment iris-main-0-model: ${reason}`;
  assert.equal(shortenMessage({ text, reason }), reason);
});
