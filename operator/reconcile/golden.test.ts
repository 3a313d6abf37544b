// Golden scenarios: testdata/<case>.in.yaml is a list of steps, each of which changes the small cluster and reconciles once;
// <case>.out.yaml is what each step decided.
import { objectOf } from '../../graph/plan/json-value.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import type { KubeObject, ManagedFields } from '../../lib/kube/object.ts';
import { testGoldens } from '../../testing/golden.ts';
import type { Status } from '../status/build-status.ts';
import type { GatewayView, Reconciled } from '../observe/contract.ts';
import { kindAndName } from '../observe/contract.ts';
import { reconcile } from './reconcile.ts';
import { SmallCluster } from './testing/small-cluster.ts';

interface Step {
  /** What happens, for the reader. */
  readonly step: string;
  /** The user applies this. */
  readonly object?: KubeObject;
  readonly namespace?: {
    annotations?: Record<string, string>;
    labels?: Record<string, string>;
    managedFields?: readonly ManagedFields[];
  };
  /** Somebody else writes the status: fields over it, and the managed fields of the object. */
  readonly status?: {
    readonly fields: Record<string, unknown>;
    readonly managedFields: readonly ManagedFields[];
  };
  /** Deployments roll out. */
  readonly serve?: true;
  /** Pods answer with this plan; `current` for the one of the status. */
  readonly response?: string | null;
  readonly gateways?: readonly GatewayView[];
  readonly rivals?: readonly KubeObject[];
  /** Objects that others make. */
  readonly add?: readonly KubeObject[];
  /** Fields laid over a child, by `Kind/name`; `$rest` stands for what is there. */
  readonly patch?: Readonly<Record<string, Partial<KubeObject>>>;
  readonly pods?: readonly KubeObject[];
  readonly passMs?: number;
  /** Reconcile so many times; only the last one is written down. */
  readonly times?: number;
}

testGoldens({
  dir: join(import.meta.dirname, 'testdata'),
  outputs: ['.out.yaml'],
  title: (name) => `${name} goes as written down`,
  render: ({ text }) => {
    const steps = load(text) as readonly Step[];
    const first = steps[0]?.object;
    assert.ok(first !== undefined, 'the first step has an object');
    const cluster = new SmallCluster(first);
    const out = steps.map((step, index) => {
      change(cluster, step, index === 0);
      let result = settleLookUps(cluster);
      for (let time = 1; time < (step.times ?? 1); time += 1) result = settleLookUps(cluster);
      return { step: step.step, ...summarize(result) };
    });
    return { '.out.yaml': dump(out, { lineWidth: 140, noRefs: true, sortKeys: false }) };
  },
});

function change(cluster: SmallCluster, step: Step, isFirst: boolean): void {
  if (step.object !== undefined && !isFirst) cluster.edit(step.object);
  if (step.namespace !== undefined)
    cluster.namespace = {
      annotations: step.namespace.annotations ?? {},
      labels: step.namespace.labels ?? {},
      managedFields: step.namespace.managedFields ?? [],
    };
  if (step.status !== undefined) {
    const { fields, managedFields } = step.status;
    const { metadata, ...object } = cluster.object;
    const status = { ...objectOf(object['status']), ...fields };
    cluster.object = { ...object, metadata: { ...metadata, managedFields }, status };
  }
  cluster.nowMs += step.passMs ?? 1000;
  for (const object of step.add ?? []) cluster.add(object);
  for (const [name, fields] of Object.entries(step.patch ?? {})) {
    const child = cluster.children.get(name);
    assert.ok(child !== undefined, `there is a ${name}`);
    cluster.children.set(name, {
      ...child,
      ...fields,
      metadata: { ...child.metadata, ...fields.metadata },
    });
  }
  if (step.serve === true) cluster.serve();
  if (step.pods !== undefined) cluster.pods = step.pods;
  if (step.response !== undefined)
    cluster.answer(
      step.response === 'current' ? currentPlan(cluster) : (step.response ?? undefined),
    );
  cluster.gateways = step.gateways ?? cluster.gateways;
  cluster.rivals = step.rivals ?? cluster.rivals;
}

/** The loop does the same: what is looked up is known the second time. */
function settleLookUps(cluster: SmallCluster): Reconciled {
  let result = reconcile(cluster.input());
  if (result.lookUp.length > 0) {
    cluster.perform(result);
    result = reconcile(cluster.input());
  }
  assert.deepEqual(reconcile(cluster.input()), result, 'equal input gives an equal result');
  cluster.perform(result);
  return result;
}

function currentPlan(cluster: SmallCluster): string {
  const { predictors = [] } = (cluster.object['status'] ?? {}) as {
    predictors?: { plan: string }[];
  };
  return predictors[0]?.plan ?? '';
}

/** Applied objects are those of the workloads' own goldens; here their names do, and what staging changes. */
function summarize(result: Reconciled): Readonly<Record<string, unknown>> {
  const { status, apply, remove, annotate, ask, events, requeueAfterMs, takeOver, transfers } =
    result;
  const some = <T>(name: string, items: readonly T[]): Record<string, readonly T[]> =>
    items.length === 0 ? {} : { [name]: items };
  return {
    ...(result.isOurs ? {} : { isOurs: false }),
    ...some(
      'takeOver',
      takeOver.map(
        ({ ref, managers, subresource = 'fields' }) =>
          `${subresource} of ${ref.kind}/${ref.name} from ${managers.join(', ')}`,
      ),
    ),
    ...some('transfers', transfers),
    ...some(
      'remove',
      remove.map(({ ref, why }) => `${ref.kind}/${ref.name}: ${why}`),
    ),
    ...some(
      'apply',
      apply.map(({ object, how }) => `${how} ${kindAndName(object)}${portsOf(object)}`),
    ),
    ...some(
      'annotate',
      annotate.map(({ ref, annotations }) => ({ [ref.name]: annotations })),
    ),
    ...some(
      'ask',
      ask.map(({ pod, expected }) => `${pod} for ${expected}`),
    ),
    ...some(
      'events',
      events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`),
    ),
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
    ...(status === undefined || Object.keys(status).length === 0
      ? { status: status === undefined ? null : 'withdrawn' }
      : shorten(status as unknown as Status)),
  };
}

/** What is said beside another writer of the status. */
type StatusPart = Pick<Status, 'conditions'>;

/** Whole statuses are in the goldens of operator/status. */
function shorten(status: Status | StatusPart): Readonly<Record<string, unknown>> {
  if (!('state' in status)) return { conditions: shortenConditions(status) };
  return {
    state: status.state,
    replicas: status.replicas,
    predictors: status.predictors.map(({ name, ready, traffic, plans = {} }) => {
      const counts = Object.entries(plans).map(([hash, count]) => `${count} x ${hash}`);
      return [name, ready ? 'ready' : 'not ready', `${traffic}%`, ...counts].join(' ');
    }),
    conditions: shortenConditions(status),
  };
}

function shortenConditions({ conditions }: StatusPart): readonly string[] {
  return conditions
    .filter(({ status: holds, message }) => holds !== 'True' || message !== undefined)
    .map(
      ({ type, status: holds, reason = '-', message = '' }) =>
        `${type} ${holds} ${reason}: ${message}`,
    );
}

function portsOf(object: KubeObject): string {
  if (object.kind !== 'Service') return '';
  const { ports = [] } = object['spec'] as { ports?: { name: string; port: number }[] };
  return ` (${ports.map(({ name, port }) => `${name} ${port}`).join(', ')})`;
}
