// Random graphs and random behaviour of their units, for tests: drawn by fast-check, shaped so that the checks accept
// them; what a unit answers is a function of the draw, the unit and what it is sent.
import fc from 'fast-check';
import type { CallVerb, DialectName } from '../../../graph/plan/plan.ts';
import type { Method, Node } from './fake-units.ts';
import type { Reply } from './naive-walk.ts';
import { SELDON_SPEECH, type Speech } from './speech.ts';

const MAX_UNITS = 12;
export interface Shape {
  readonly role: number;
  readonly methods: readonly Method[];
  readonly ratioA: number;
  readonly children: readonly Shape[];
}

export const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.record({
    role: fc.nat(10),
    methods: fc.oneof(
      { weight: 3, arbitrary: fc.constant<Method[]>([]) },
      fc.subarray<Method>(['TRANSFORM_INPUT', 'TRANSFORM_OUTPUT', 'ROUTE', 'AGGREGATE']),
    ),
    ratioA: fc.constantFrom(0, 0.3, 0.5, 1),
    children: fc.oneof(
      { maxDepth: 4, depthSize: 'max', depthIdentifier: 'graph' },
      { weight: 1, arbitrary: fc.constant<Shape[]>([]) },
      {
        weight: 3,
        arbitrary: fc.array(tie('shape') as fc.Arbitrary<Shape>, {
          minLength: 1,
          maxLength: 3,
          size: 'max',
        }),
      },
    ),
  }),
}));

/** The shape as a graph that the checks accept; units are named in pre-order, those above the number are cut. */
export function graphOf(root: Shape, protocol: DialectName): Node {
  let units = 0;
  const build = (each: Shape): Node => {
    const name = `u${units++}`;
    const children: Node[] = [];
    for (const child of each.children) if (units < MAX_UNITS) children.push(build(child));
    const count = children.length;
    const methods = each.methods.filter(
      (method) => count > 0 || (method !== 'ROUTE' && method !== 'AGGREGATE'),
    );
    switch (each.role) {
      case 0:
        return { name, type: 'ROUTER', methods, children: count > 0 ? children : [model()] };
      case 1:
        return { name, type: 'COMBINER', methods, children: count > 0 ? children : [model()] };
      case 2:
        return { name, type: 'TRANSFORMER', methods, children };
      case 3:
        return { name, type: 'OUTPUT_TRANSFORMER', methods, children };
      case 4:
        return count > 0
          ? { name, builtIn: 'AVERAGE_COMBINER', children }
          : { name, builtIn: 'SIMPLE_MODEL' };
      case 5:
        if (count > 0) return { name, builtIn: 'SIMPLE_ROUTER', children };
        break;
      case 6: {
        if (count !== 2) break;
        return { name, builtIn: 'RANDOM_ABTEST', ratioA: each.ratioA, children };
      }
      case 7:
        if (methods.length > 0) return { name, methods, children };
        break;
      case 8:
        // Only Seldon's protocol has the feedback that it learns from.
        if (count > 0 && protocol === 'seldon')
          return { name, builtIn: 'EPSILON_GREEDY', parameters: greedy(count), children };
    }
    return { name, type: 'MODEL', methods, children };
  };
  const greedy = (children: number): object[] => [
    { name: 'epsilon', type: 'FLOAT', value: '0' },
    { name: 'best_branch', type: 'INT', value: String(children - 1) },
  ];
  const model = (): Node => ({ name: `u${units++}`, type: 'MODEL' });
  return build(root);
}

/** How each unit behaves, drawn by `unit verb`. */
export interface Behaviour {
  readonly seed: number;
  /** Share of calls that fail, percent. */
  readonly faulty: number;
}

export function hash(text: string): number {
  let state = 2166136261;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 16777619);
  return state >>> 0;
}

export function replyOf(
  behaviour: Behaviour,
  unit: string,
  verb: CallVerb,
  text: string,
  speech: Speech = SELDON_SPEECH,
): Reply {
  const key = hash(`${behaviour.seed} ${unit} ${verb}`);
  if (key % 100 < behaviour.faulty) {
    const kind = hash(`${key} fault`) % 5;
    if (kind === 0) return { kind: 'failure', code: 'UNIT_RESET' };
    if (kind === 1) return { kind: 'response', status: 503, text: `{"by":"${unit}"}` };
    if (kind === 2) return { kind: 'response', status: 418, text: 'no json' };
    if (kind === 3) return { kind: 'response', status: 204, text: '' };
    return { kind: 'response', status: 200, text: '{"strData":"x"}' };
  }
  if (verb === 'route') {
    const routes = ['-2', '-1', '-1', '0', '0', '1', '1.9', '2', '7'];
    const drawn = hash(`${key} route`);
    const route = routes[drawn % routes.length] ?? '';
    return { kind: 'response', status: 200, text: speech.route(route, drawn) };
  }
  const of = hash(text);
  const row = of % 7 === 0 ? '[1]' : `[${of % 1000},${(of % 77) / 8}]`;
  const body = speech.answer(`${unit} ${verb}`, of, row);
  return { kind: 'response', status: key % 9 === 0 ? 201 : 200, text: body };
}
