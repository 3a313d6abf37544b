// As much of a cluster as the golden cases need: it keeps what a reconcile applies and removes, and on request lets Deployments
// serve with ReplicaSets and pods. No API server: what depends on one is tested against a real one (e2e/control-plane).
import { numberOf, objectOf } from '../../../graph/plan/json-value.ts';
import { specOf, templateAnnotations } from '../../observe/fields.ts';
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, ManagedFields, ObjectMeta } from '../../../lib/kube/object.ts';
import { ANNOTATIONS, CONTAINERS, FIELD_MANAGERS } from '../../../cluster/names.ts';
import { DEFAULT_CONFIG } from '../../config/workload-config.ts';
import type { OperatorConfig } from '../../config/workload-config.ts';
import type { GatewayView, LivePlan, Reconciled, ReconcileInput } from '../../observe/contract.ts';
import { kindAndName } from '../../observe/contract.ts';
import { readHere } from '../../read/inline.ts';
import { readablePart, readOptions } from '../../read/reader.ts';
import { SpecVersions } from '../../observe/spec-versions.ts';

type Fields = Readonly<Record<string, unknown>>;

export class SmallCluster {
  object: KubeObject;
  namespace: {
    annotations: Record<string, string>;
    labels: Record<string, string>;
    managedFields?: readonly ManagedFields[];
  } = { annotations: {}, labels: {} };
  gateways: readonly GatewayView[] = [];
  rivals: readonly KubeObject[] = [];
  undone: readonly string[] = [];
  config: OperatorConfig = DEFAULT_CONFIG;
  nowMs = Date.parse('2026-01-01T00:00:00Z');
  readonly children = new Map<string, KubeObject>();
  readonly replicaSets = new Map<string, KubeObject>();
  pods: readonly KubeObject[] = [];
  /** How often a reconcile had something new to say. */
  statusWrites = 0;
  readonly livePlans = new Map<string, LivePlan>();
  readonly absent = new Set<string>();
  readonly #versions = new SpecVersions();
  #version = 100;

  constructor(object: KubeObject) {
    this.object = this.#stamp(object, undefined);
  }

  input(): ReconcileInput {
    const { name, namespace = '', annotations } = this.object.metadata;
    const part = readablePart(this.object, { name, namespace, annotations });
    return {
      object: this.object,
      loaded: readHere(part, readOptions(this.config)),
      specVersion: this.#versions.of(this.object),
      namespaceAnnotations: this.namespace.annotations,
      namespaceLabels: this.namespace.labels,
      namespaceFields: this.namespace.managedFields ?? [],
      undone: this.undone,
      children: [...this.children.values()],
      replicaSets: [...this.replicaSets.values()],
      pods: this.pods,
      absent: this.absent,
      livePlans: this.livePlans,
      gateways: this.gateways,
      rivals: this.rivals,
      config: { ...this.config, controllerId: 'sidegraph', formerManagers: ['manager'] },
      nowMs: this.nowMs,
    };
  }

  /** The user edits the object. */
  edit(object: KubeObject): void {
    const { status, metadata } = this.object;
    const said = (metadata.managedFields ?? []).filter(
      ({ subresource }) => subresource === 'status',
    );
    const managedFields = [...(object.metadata.managedFields ?? []), ...said];
    this.object = this.#stamp(
      {
        ...object,
        metadata: { ...object.metadata, managedFields },
        ...(status === undefined ? {} : { status }),
      },
      this.object,
    );
  }

  add(object: KubeObject): void {
    this.children.set(
      kindAndName(object),
      this.#stamp(object, this.children.get(kindAndName(object))),
    );
  }

  /** Carries out a result. */
  perform(result: Reconciled): void {
    for (const { kind, name } of result.lookUp) this.absent.add(`${kind}/${name}`);
    for (const { ref, managers, subresource } of result.takeOver) {
      const isObject = subresource === 'status';
      const taken = isObject ? this.object : this.children.get(`${ref.kind}/${ref.name}`);
      if (taken === undefined) continue;
      const kept = (taken.metadata.managedFields ?? []).filter(
        (entry) => entry.subresource !== subresource || !managers.includes(entry.manager ?? ''),
      );
      const metadata = { ...taken.metadata, managedFields: kept };
      if (isObject) this.object = { ...taken, metadata };
      else this.children.set(kindAndName(taken), { ...taken, metadata });
    }
    for (const { ref } of result.remove) this.children.delete(`${ref.kind}/${ref.name}`);
    for (const { object } of result.apply) {
      const live = this.children.get(kindAndName(object));
      const status = live === undefined ? {} : { status: live['status'] };
      const metadata = { ...object.metadata, ...this.#applied(live?.metadata ?? object.metadata) };
      this.add({ ...object, ...status, metadata });
      this.absent.delete(kindAndName(object));
    }
    for (const { ref, annotations } of result.annotate)
      this.pods = this.pods.map((pod) =>
        pod.metadata.name === ref.name ? annotate(pod, annotations) : pod,
      );
    if (result.status !== undefined && !isDeepStrictEqual(result.status, this.object['status'])) {
      this.statusWrites += 1;
      const isWithdrawn = Object.keys(result.status).length === 0;
      const managed = this.#applied(this.object.metadata, 'status', isWithdrawn);
      const metadata = { ...this.object.metadata, ...managed };
      this.object = this.#stamp({ ...this.object, metadata, status: result.status }, this.object);
    }
  }

  /** The managed fields with an entry of ours, or without one. */
  #applied(
    { managedFields = [] }: Pick<ObjectMeta, 'managedFields'>,
    subresource?: 'status',
    isWithdrawn = false,
  ): Pick<ObjectMeta, 'managedFields'> {
    const manager = subresource === undefined ? FIELD_MANAGERS.children : FIELD_MANAGERS.status;
    const others = managedFields.filter(
      (entry) => entry.manager !== manager || entry.subresource !== subresource,
    );
    if (isWithdrawn) return { managedFields: others };
    const time = `${new Date(this.nowMs).toISOString().slice(0, 19)}Z`;
    const own = { manager, operation: 'Apply', time };
    const entry = subresource === undefined ? own : { ...own, subresource };
    return { managedFields: [...others, entry] };
  }

  /** Each Deployment has rolled out and its pods are ready, with the maps that it names now. */
  serve(): void {
    this.replicaSets.clear();
    this.pods = [];
    for (const deployment of this.children.values()) {
      if (deployment.kind !== 'Deployment') continue;
      const replicas = numberOf(specOf(deployment)['replicas'] ?? 1);
      const { generation } = deployment.metadata;
      const status = {
        observedGeneration: generation,
        replicas,
        updatedReplicas: replicas,
        availableReplicas: replicas,
      };
      this.children.set(kindAndName(deployment), { ...deployment, status });
      const set = renderReplicaSet(deployment, replicas);
      this.replicaSets.set(kindAndName(set), set);
      for (let index = 0; index < replicas; index += 1)
        this.pods = [...this.pods, renderPod(deployment, index, this.pods.length)];
    }
  }

  /** Every pod says that it serves this plan; undefined: cannot be asked. */
  answer(hash: string | undefined): void {
    for (const { metadata } of this.pods)
      this.livePlans.set(metadata.uid ?? '', { hash, askedAtMs: this.nowMs });
  }

  #stamp(object: KubeObject, before: KubeObject | undefined): KubeObject {
    this.#version += 1;
    const isSame = before !== undefined && isDeepStrictEqual(before['spec'], object['spec']);
    const generation = (before?.metadata.generation ?? 0) + (isSame ? 0 : 1);
    const uid = before?.metadata.uid ?? `uid-${object.kind}-${object.metadata.name}`.toLowerCase();
    const resourceVersion = String(this.#version);
    return { ...object, metadata: { uid, ...object.metadata, generation, resourceVersion } };
  }
}

function renderReplicaSet(deployment: KubeObject, replicas: number): KubeObject {
  const template = specOf(deployment)['template'];
  const hash = createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 8);
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: `${deployment.metadata.name}-${hash}` },
    spec: { replicas, template },
  };
}

function renderPod(deployment: KubeObject, index: number, position: number): KubeObject {
  const template = objectOf(specOf(deployment)['template']);
  const labels = objectOf(objectOf(template['metadata'])['labels']) as Record<string, string>;
  const annotations = templateAnnotations(deployment) as Record<string, string>;
  const isInjected = annotations[ANNOTATIONS.planMap] !== undefined;
  const name = `${deployment.metadata.name}-${index}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: `uid-${name}-${annotations[ANNOTATIONS.planMap] ?? ''}`,
      labels,
      annotations,
    },
    status: {
      phase: 'Running',
      podIP: `10.0.0.${position + 1}`,
      conditions: [{ type: 'Ready', status: 'True' }],
      initContainerStatuses: isInjected ? [startedFilter()] : [],
    },
  };
}

function startedFilter(): Fields {
  return { name: CONTAINERS.filter, started: true, ready: true, state: { running: {} } };
}

function annotate(pod: KubeObject, annotations: Readonly<Record<string, string>>): KubeObject {
  const merged = { ...pod.metadata.annotations, ...annotations };
  return { ...pod, metadata: { ...pod.metadata, annotations: merged } };
}
