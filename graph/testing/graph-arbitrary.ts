// Random graphs for the property tests: valid deployments with every type of unit, method and built-in.
import fc from 'fast-check';

export interface RandomUnit {
  readonly name: string;
  readonly type?: string;
  readonly implementation?: string;
  readonly methods?: readonly string[];
  readonly parameters?: readonly Readonly<Record<string, string>>[];
  readonly endpoint?: Readonly<Record<string, string | number>>;
  readonly children?: readonly RandomUnit[];
}

type Shape = { readonly kind: string; readonly methods: string[]; readonly children: Shape[] };

const METHODS = ['TRANSFORM_INPUT', 'TRANSFORM_OUTPUT', 'SEND_FEEDBACK'];
const LEAVES = ['MODEL', 'TRANSFORMER', 'OUTPUT_TRANSFORMER', 'SIMPLE_MODEL'];
const OVER_SEVERAL = ['SIMPLE_ROUTER', 'EPSILON_GREEDY', 'THOMPSON_SAMPLING', 'AVERAGE_COMBINER'];
const BUILT_INS = ['SIMPLE_MODEL', 'RANDOM_ABTEST', ...OVER_SEVERAL];

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      kind: fc.constantFrom(...LEAVES),
      methods: fc.subarray(METHODS),
      children: fc.constant<Shape[]>([]),
    }),
    fc.record({
      kind: fc.constantFrom('MODEL', 'TRANSFORMER', 'OUTPUT_TRANSFORMER', 'ROUTER', 'COMBINER'),
      methods: fc.subarray([...METHODS, 'ROUTE', 'AGGREGATE']),
      children: fc.array(tie('shape'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constantFrom(...OVER_SEVERAL),
      methods: fc.constant<string[]>([]),
      children: fc.array(tie('shape'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant('RANDOM_ABTEST'),
      methods: fc.constant<string[]>([]),
      children: fc.array(tie('shape'), { minLength: 2, maxLength: 2 }),
    }),
  ),
}));

/** A valid SeldonDeployment over a random graph; units are `u0`, `u1` … in pre-order, all with an address. */
export function arbitraryManifest(): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  return fc
    .tuple(shape, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean())
    .map(([root, ratio, inBody]) => {
      let next = 0;
      const unitOf = ({ kind, methods, children }: Shape): RandomUnit => {
        const name = `u${next}`;
        next += 1;
        const inner = { children: children.map(unitOf) };
        if (!BUILT_INS.includes(kind)) {
          const endpoint = { service_host: '127.0.0.1', httpPort: 9000, grpcPort: 9500 };
          return { name, type: kind, methods, endpoint, ...inner };
        }
        const parameters = [{ name: 'ratioA', value: String(ratio), type: 'FLOAT' }];
        const ratioed = kind === 'RANDOM_ABTEST' ? { parameters } : {};
        return { name, implementation: kind, ...ratioed, ...inner };
      };
      return {
        apiVersion: 'machinelearning.seldon.io/v1',
        kind: 'SeldonDeployment',
        metadata: { name: 'random', namespace: 'tests' },
        spec: {
          annotations: inBody ? { 'sidegraph.io/routing': 'body' } : {},
          predictors: [{ name: 'main', graph: unitOf(root) }],
        },
      };
    });
}
