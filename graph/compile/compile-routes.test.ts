// Which kinds of request Envoy does alone, and what it is told for them: shares, verbs and decisions; else the reason.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type {
  Choose,
  NativeTarget,
  PlanRoutes,
  PolicyParameters,
  PlanUnit,
  RouteDecision,
  Step,
} from '../plan/plan.ts';
import { NATIVE_WEIGHT_TOTAL } from '../plan/plan.ts';
import { compileRoutes } from './compile-routes.ts';

/** A step by the name of its unit. */
type Written = Partial<Omit<Step, 'unit' | 'children'>> & {
  readonly name: string;
  readonly children?: readonly Written[];
};

function model(name: string, more: Partial<Written> = {}): Written {
  return { name, input: 'predict', ...more };
}

function policy(name: string, parameters: PolicyParameters = {}): Choose {
  return { kind: 'policy', policy: name, parameters };
}

function draw(name: string, ratioA: number, children: readonly Written[]): Written {
  return { name, choose: policy('RANDOM_ABTEST', { ratioA }), children };
}

function routesOf(root: Written, routingInBody = false): PlanRoutes {
  const units: PlanUnit[] = [];
  const build = ({ name, children = [], ...written }: Written, parent: number): Step => {
    const unit = units.length;
    units.push({ name, type: 'UNKNOWN_TYPE', builtIn: null, image: '', verbs: [], parent });
    const step = { input: null, choose: null, merge: 'first', output: false } as const;
    return {
      ...step,
      feedback: false,
      mayTail: true,
      ...written,
      unit,
      children: children.map((child) => build(child, unit)),
    };
  };
  const walk = build(root, -1);
  return compileRoutes(walk, units, routingInBody);
}

function predict(root: Written, routingInBody = false): RouteDecision {
  const routes = routesOf(root, routingInBody);
  assert.deepEqual(routes['predict-rest'], routes['predict-grpc'], 'one decision for both');
  return routes['predict-rest'];
}

/** `unit verb weight routing` of each target. */
function targetsOf(route: RouteDecision): string[] {
  assert.ok(route.kind === 'native', route.reason);
  return route.targets.map(({ unit, verb, weight, routing }: NativeTarget) =>
    [unit, verb, weight, routing].join(' ').trim(),
  );
}

function reasonOf(route: RouteDecision): string {
  assert.equal(route.kind, 'graph');
  return route.reason;
}

describe('a prediction is done by Envoy alone', () => {
  test('over a single unit, with the verb that it answers', () => {
    assert.deepEqual(targetsOf(predict(model('m'))), ['0 predict 1000000']);
    const transformer: Written = { name: 't', input: 'transform-input' };
    assert.deepEqual(targetsOf(predict(transformer)), ['0 transform-input 1000000']);
    const output: Written = { name: 'o', output: true };
    assert.deepEqual(targetsOf(predict(output)), ['0 transform-output 1000000']);
    assert.equal(predict(model('m')).reason, 'one unit, one call');
  });

  test('over SIMPLE_ROUTER, which is listed with child 0 and leaves the others out', () => {
    const root: Written = {
      name: 's',
      choose: policy('SIMPLE_ROUTER'),
      children: [model('a'), model('b')],
    };
    assert.deepEqual(targetsOf(predict(root)), ['1 predict 1000000 {"s":0}']);
    assert.equal(predict(root).reason, 'every request ends in the same single call');
  });

  test('over a parent without calls of its own and one child, which is no decision', () => {
    const root: Written = { name: 'p', choose: { kind: 'all' }, children: [model('a')] };
    assert.deepEqual(targetsOf(predict(root)), ['1 predict 1000000']);
  });

  test('over a draw, by its shares', () => {
    const root = draw('ab', 0.3, [model('a'), model('b')]);
    assert.deepEqual(targetsOf(predict(root)), [
      '1 predict 300000 {"ab":0}',
      '2 predict 700000 {"ab":1}',
    ]);
    assert.equal(predict(root).reason, 'a draw by weight, then one call (2 targets)');
  });

  test('over a draw whose children answer other verbs', () => {
    const root = draw('ab', 0.5, [model('a'), { name: 't', input: 'transform-input' }]);
    assert.deepEqual(targetsOf(predict(root)), [
      '1 predict 500000 {"ab":0}',
      '2 transform-input 500000 {"ab":1}',
    ]);
  });

  test('over a draw that always falls the same way: the other child is never called', () => {
    const always = draw('ab', 1, [model('a'), model('b')]);
    assert.deepEqual(targetsOf(predict(always)), ['1 predict 1000000 {"ab":0}']);
    const never = draw('ab', 0, [model('a'), model('b')]);
    assert.deepEqual(targetsOf(predict(never)), ['2 predict 1000000 {"ab":1}']);
  });

  test('over draws in draws, by the products of their shares, with all decisions on the way', () => {
    const inner = draw('in', 0.1, [model('a'), model('b')]);
    const root = draw('out', 0.25, [
      inner,
      { name: 's', choose: policy('SIMPLE_ROUTER'), children: [model('c')] },
    ]);
    assert.deepEqual(targetsOf(predict(root)), [
      '2 predict 25000 {"out":0,"in":0}',
      '3 predict 225000 {"out":0,"in":1}',
      '5 predict 750000 {"out":1,"s":0}',
    ]);
  });

  test('names are written as JSON into the routing', () => {
    const root = draw('a"b', 0.5, [model('x'), model('y')]);
    assert.equal(targetsOf(predict(root))[0], '1 predict 500000 {"a\\"b":0}');
  });
});

describe('shares', () => {
  test('add up to the whole where they do not divide it: the largest remainder is rounded up', () => {
    const up = draw('ab', 0.1234567, [model('a'), model('b')]);
    assert.deepEqual(weightsOf(predict(up)), [123_457, 876_543]);
    const down = draw('ab', 0.1234563, [model('a'), model('b')]);
    assert.deepEqual(weightsOf(predict(down)), [123_456, 876_544]);
    const third = draw('out', 1 / 3, [model('a'), draw('in', 0.5, [model('b'), model('c')])]);
    const sum = weightsOf(predict(third)).reduce((before, weight) => before + weight);
    assert.equal(sum, NATIVE_WEIGHT_TOTAL);
  });

  test('with equal remainders are rounded up from the first one on', () => {
    // 7,812.5 and 992,187.5.
    const root = draw('ab', 1 / 128, [model('a'), model('b')]);
    assert.deepEqual(weightsOf(predict(root)), [7813, 992_187]);
  });

  test('are whole numbers where binary fractions are not', () => {
    // 0.07 * 1,000,000 is 70,000.00000000001, and 0.29 * 1,000,000 is 289,999.99999999994.
    for (const ratioA of [0.07, 0.29, 0.57, 0.999_999]) {
      const [first] = weightsOf(predict(draw('ab', ratioA, [model('a'), model('b')])));
      assert.equal(first, Math.round(ratioA * NATIVE_WEIGHT_TOTAL), String(ratioA));
    }
  });

  test('under one in a million leave the draw to the filter', () => {
    const root = draw('ab', 1e-7, [model('a'), model('b')]);
    assert.equal(reasonOf(predict(root)), 'a share is under one in a million requests');
  });

  function weightsOf(route: RouteDecision): number[] {
    assert.ok(route.kind === 'native');
    return route.targets.map(({ weight }) => weight);
  }
});

describe('a prediction needs the filter', () => {
  const children = [model('a'), model('b')];
  const cases: readonly (readonly [string, Written, string])[] = [
    [
      'for a call before the children',
      { name: 't', input: 'transform-input', choose: { kind: 'all' }, children: [model('a')] },
      't is called to transform-input before its children',
    ],
    [
      'for a router, which has to be asked',
      { name: 'r', choose: { kind: 'route' }, children },
      'r is called for the route',
    ],
    [
      'for a built-in that does not only draw',
      { name: 'p', choose: policy('LOOKS_AT_THE_REQUEST'), children },
      'p chooses by the built-in LOOKS_AT_THE_REQUEST',
    ],
    [
      'for a mean',
      { name: 'v', choose: { kind: 'all' }, merge: 'average', children },
      'v averages the responses of its children',
    ],
    [
      'for a combiner',
      { name: 'c', choose: { kind: 'all' }, merge: 'aggregate', children },
      'c is called to aggregate the responses of its children',
    ],
    [
      'for a call after the children',
      { name: 'o', choose: { kind: 'all' }, output: true, children: [model('a')] },
      'o is called to transform-output after its children',
    ],
    [
      'for several children at once',
      { name: 'p', choose: { kind: 'all' }, children },
      'p calls several children',
    ],
    [
      'for SIMPLE_MODEL, which nobody is called for',
      { name: 's', input: 'simple-model' },
      's is the built-in SIMPLE_MODEL: no call',
    ],
    [
      'for two calls of one unit',
      { name: 'm', input: 'predict', output: true },
      'm is called twice: predict, transform-output',
    ],
    ['for a unit that does nothing', { name: 'n' }, 'n is not called at all'],
    [
      'for one arm of a draw that does more than a call',
      draw('ab', 0.5, [model('a'), { name: 'r', choose: { kind: 'route' }, children }]),
      'r is called for the route',
    ],
  ];
  for (const [title, root, reason] of cases) {
    test(title, () => {
      assert.equal(reasonOf(predict(root)), reason);
    });
  }

  test('for an arm that is never drawn: no', () => {
    const root = draw('ab', 1, [model('a'), { name: 'r', choose: { kind: 'route' }, children }]);
    assert.deepEqual(targetsOf(predict(root)), ['1 predict 1000000 {"ab":0}']);
  });

  test('for routing in the body, whatever the graph is', () => {
    const reason = 'meta.routing is written into the body of the response';
    assert.equal(reasonOf(predict(model('m'), true)), reason);
  });

  test('for more paths through the draws than Envoy matches quickly', () => {
    const tree = (depth: number): Written =>
      depth === 0 ? model('m') : draw('d', 0.5, [tree(depth - 1), tree(depth - 1)]);
    assert.equal(targetsOf(predict(tree(8))).length, 256);
    assert.equal(reasonOf(predict(tree(9))), 'over 256 paths through the draws');
  });
});

test('a routing that is too long for a header is left out, and the call is still Envoy’s', () => {
  const root = draw('n'.repeat(9000), 0.5, [model('a'), model('b')]);
  assert.deepEqual(targetsOf(predict(root)), ['1 predict 500000', '2 predict 500000']);
});

describe('feedback', () => {
  test('of a single unit that takes it is done by Envoy', () => {
    const routes = routesOf(model('m', { feedback: true }));
    assert.deepEqual(targetsOf(routes['feedback-rest']), ['0 send-feedback 1000000']);
    assert.deepEqual(routes['feedback-grpc'], routes['feedback-rest']);
  });

  test('of a single unit is Envoy’s too where its prediction is not', () => {
    const routes = routesOf({ name: 'm', input: 'predict', output: true, feedback: true });
    assert.equal(routes['predict-rest'].kind, 'graph');
    assert.equal(routes['feedback-rest'].kind, 'native');
  });

  test('of a unit that takes none is answered by the filter', () => {
    const reason = reasonOf(routesOf(model('m'))['feedback-rest']);
    assert.equal(reason, 'm takes no feedback: the request is its own response');
  });

  test('of several units follows the routing, even where Envoy predicts alone', () => {
    const routes = routesOf(draw('ab', 0.5, [model('a', { feedback: true }), model('b')]));
    assert.equal(routes['predict-rest'].kind, 'native');
    const reason = reasonOf(routes['feedback-rest']);
    assert.equal(reason, 'feedback follows the routing of its prediction');
  });
});
