// From what is watched to what a reconcile is given: the state of one SeldonDeployment at this moment.
import { objectOf, objectsOf } from '../../graph/plan/json-value.ts';
import { specOf } from './fields.ts';
import { readAcknowledgement, readNotes } from '../../cluster/acknowledge.ts';
import { type KubeObject, keyOf } from '../../lib/kube/object.ts';
import type { GatewayView, LivePlan, ReconcileConfig, Observed } from './contract.ts';
import { ofKind } from './children.ts';
import type { Sources } from './sources.ts';
import type { SpecVersions } from './spec-versions.ts';
import { SELDON_ANNOTATIONS } from '../../graph/seldon/annotation-names.ts';

export function observe(
  object: KubeObject,
  sources: Sources,
  livePlans: ReadonlyMap<string, LivePlan>,
  versions: SpecVersions,
  config: ReconcileConfig,
  nowMs: number,
): Observed {
  const { namespace = '' } = object.metadata;
  const own = sources.namespace(namespace)?.metadata;
  const children = sources.childrenOf(object);
  return {
    object,
    specVersion: versions.of(object),
    namespaceAnnotations: own?.annotations ?? {},
    namespaceLabels: own?.labels ?? {},
    namespaceFields: own?.managedFields ?? [],
    children,
    replicaSets: ofKind(children, 'Deployment').flatMap((each) => sources.replicaSetsOf(each)),
    pods: sources.podsOf(object),
    absent: new Set(),
    livePlans,
    gateways: sources.gateways().map((map) => viewGateway(map, keyOf(object))),
    rivals: sources.deploymentsIn(namespace).filter((other) => mayClaim(object, other)),
    undone: [],
    config,
    nowMs,
  };
}

/** What cannot be read holds everything back. */
function viewGateway(map: KubeObject, key: string): GatewayView {
  const read = readAcknowledgement(map);
  const name = map.metadata.ownerReferences?.[0]?.name ?? map.metadata.name;
  return {
    name,
    acknowledged: read?.resourceVersion ?? '',
    inUse: read?.inUse ?? [],
    note: readNotes(map, key),
  };
}

/** Names are made of the deployment's and others, so only a prefix or a name of one's own choice can meet another's. */
function mayClaim(object: KubeObject, other: KubeObject): boolean {
  const { name } = object.metadata;
  const { name: otherName } = other.metadata;
  if (name === otherName) return false;
  return (
    otherName.startsWith(`${name}-`) ||
    name.startsWith(`${otherName}-`) ||
    choosesName(object) ||
    choosesName(other)
  );
}

const choosing = new WeakMap<KubeObject, boolean>();

function choosesName(object: KubeObject): boolean {
  let known = choosing.get(object);
  if (known === undefined) {
    known = objectsOf(specOf(object)['predictors']).some((predictor) => {
      const annotations = objectOf(predictor['annotations']);
      return annotations[SELDON_ANNOTATIONS.serviceName] !== undefined;
    });
    choosing.set(object, known);
  }
  return known;
}
