// The validating webhook as a function: what is refused, in which words, and what is left alone.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadDeployments } from '../../graph/seldon/load-deployments.ts';
import type { ReviewRequest, Verdict } from './review.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { DEFAULT_SIDECAR } from '../config/defaults.ts';
import { INLINE_READER } from '../read/inline.ts';
import { validateDeployment } from './validate.ts';

const MODEL = { name: 'm', type: 'MODEL' };
const POD = { spec: { containers: [{ name: 'm', image: 'i' }] } };

function deployment(spec: unknown, metadata: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'a', namespace: 'demo', ...metadata },
    spec,
  };
}

function predictors(...names: readonly string[]): JsonObject {
  const traffic = names.length > 1 ? Math.round(100 / names.length) : undefined;
  return {
    predictors: names.map((name) => ({
      name,
      graph: MODEL,
      componentSpecs: [POD],
      ...(traffic === undefined ? {} : { traffic }),
    })),
  };
}

function validate(
  object: JsonObject | undefined,
  more: Partial<ReviewRequest> = {},
  stored: readonly JsonObject[] = [],
): Promise<Verdict> {
  const request: ReviewRequest = {
    uid: 'u',
    operation: 'CREATE',
    subResource: '',
    namespace: 'demo',
    name: 'a',
    object,
    oldObject: undefined,
    ...more,
  };
  return validateDeployment(request, {
    load: { sidecar: DEFAULT_SIDECAR, keda: { enabled: false } },
    reader: INLINE_READER,
    stored,
  });
}

function messageOf(verdict: Verdict): string {
  assert.equal(verdict.allowed, false);
  return verdict.allowed ? '' : verdict.message;
}

const WRONG = {
  protocol: 'sedon',
  predictors: [
    { name: 'p', traffic: 40, graph: { name: 'r', type: 'ROUTER' }, componentSpecs: [POD] },
    { name: 'p', traffic: 40, graph: MODEL, componentSpecs: [POD] },
  ],
};

describe('a SeldonDeployment at admission', () => {
  test('a right one passes', async () => {
    assert.deepEqual(await validate(deployment(predictors('p'))), {
      allowed: true,
      warnings: [],
      patch: [],
    });
  });

  test('everything that is wrong is told at once, in the words of `sidegraph check`', async () => {
    const verdict = await validate(deployment(WRONG));
    const { findings } = loadDeployments(JSON.stringify(deployment(WRONG)), { source: 's' });
    const errors = findings.filter((finding) => finding.severity === 'error');
    assert.ok(errors.length >= 4);
    const lines = messageOf(verdict).split('\n');
    assert.equal(lines[0], `the SeldonDeployment has ${errors.length} errors:`);
    assert.deepEqual(
      lines.slice(1),
      errors.map((each) => `- ${each.path} ${each.code}: ${each.message}; ${each.advice}`),
    );
    assert.deepEqual(
      verdict.allowed ? [] : verdict.causes.map(({ field }) => field),
      errors.map(({ path }) => path),
    );
  });

  test('what is soft is a warning', async () => {
    const verdict = await validate(
      deployment({
        predictors: [{ name: 'p', graph: { ...MODEL, typo: 1 }, componentSpecs: [POD] }],
      }),
    );
    assert.equal(verdict.allowed, true);
    assert.match(
      verdict.warnings.join('\n'),
      /^spec\.predictors\[0\]\.graph\.typo FIELD_UNKNOWN: /,
    );
  });

  test('what needs an option of the chart that is off is a warning, as in the status', async () => {
    const scaled = { ...POD, kedaSpec: { maxReplicaCount: 2, triggers: [{ type: 'cron' }] } };
    const verdict = await validate(
      deployment({ predictors: [{ name: 'p', graph: MODEL, componentSpecs: [scaled] }] }),
    );
    assert.equal(verdict.allowed, true);
    assert.match(
      verdict.warnings.join('\n'),
      /^spec\.predictors\[0\]\.componentSpecs\[0\]\.kedaSpec OPTION_OFF: /,
    );
  });

  test('a spec that is missing, or no object, is refused and does not throw', async () => {
    for (const spec of [undefined, null, 1, [], 'x'])
      assert.match(messageOf(await validate(deployment(spec))), /spec/);
  });

  test('a name that is still to be made is not missed', async () => {
    const object = deployment(predictors('p'), { name: undefined, generateName: 'a-' });
    assert.equal((await validate(object, { name: '' })).allowed, true);
  });

  test('an update that leaves the spec alone passes with warnings, another one does not', async () => {
    const before = deployment(WRONG);
    const labelled = deployment(WRONG, { labels: { a: 'b' } });
    const update = { operation: 'UPDATE', oldObject: before } as const;
    const same = await validate(labelled, update);
    assert.equal(same.allowed, true);
    assert.ok(same.warnings.some((warning) => warning.includes('PREDICTOR_DUPLICATE')));
    assert.equal((await validate(deployment({ ...WRONG, replicas: 2 }), update)).allowed, false);
  });

  test('deletion, finalizers that go with it, and subresources pass', async () => {
    const dying = deployment(WRONG, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    const before = deployment(predictors('p'));
    const update = { operation: 'UPDATE', oldObject: before } as const;
    assert.equal((await validate(dying, update)).allowed, true);
    assert.equal(
      (await validate(undefined, { operation: 'DELETE', oldObject: before })).allowed,
      true,
    );
    assert.equal(
      (await validate(deployment(WRONG), { ...update, subResource: 'status' })).allowed,
      true,
    );
  });
});

describe('names that another deployment holds', async () => {
  const older = {
    ...deployment(predictors('c'), { name: 'a-b', creationTimestamp: '2026-01-01T00:00:00Z' }),
  };

  test('two that would make one Service: the later one is refused', async () => {
    const message = messageOf(await validate(deployment(predictors('b-c')), {}, [older]));
    assert.match(
      message,
      /spec\.predictors\[0\]\.name NAME_TAKEN: the Service a-b-c belongs to the SeldonDeployment a-b;/,
    );
  });

  test('the older one keeps its name, and is not held up by the other', async () => {
    const mine = deployment(predictors('b-c'), { creationTimestamp: '2025-01-01T00:00:00Z' });
    const changed = { ...mine, spec: { ...predictors('b-c'), replicas: 2 } };
    const update = { operation: 'UPDATE', oldObject: mine } as const;
    assert.equal((await validate(changed, update, [older, mine])).allowed, true);
    const taking = { ...mine, spec: predictors('x', 'c') };
    const other = deployment(predictors('x'), { name: 'a-c', creationTimestamp: '2026-01-01' });
    const clash = {
      ...taking,
      spec: {
        predictors: [
          {
            ...(predictors('p')['predictors'] as JsonObject[])[0],
            annotations: { 'seldon.io/svc-name': 'a-c-x' },
          },
        ],
      },
    };
    assert.match(
      messageOf(await validate(clash, update, [other, mine])),
      /Service a-c-x belongs to the SeldonDeployment a-c/,
    );
  });

  test("a deployment's path and the explainer's of another one", async () => {
    const explained = deployment({
      predictors: [
        { name: 'p', graph: MODEL, componentSpecs: [POD], explainer: { type: 'AnchorText' } },
      ],
    });
    const named = deployment(predictors('q'), {
      name: 'a-explainer',
      creationTimestamp: '2026-01-01',
    });
    assert.match(
      messageOf(await validate(explained, {}, [named])),
      /explainer NAME_TAKEN: the path a-explainer/,
    );
    const reverse = await validate(named, { name: 'a-explainer' }, [explained]);
    assert.match(messageOf(reverse), /metadata\.name NAME_TAKEN: the path a-explainer/);
  });
});
