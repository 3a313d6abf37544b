// Which path of the API a kind lives under. The kinds that we use are in a table, so that the first call needs no
// discovery; a kind that is not there is asked for once (client.ts).
import type { ObjectMeta } from './object.ts';

export interface KindRef {
  readonly apiVersion: string;
  readonly kind: string;
}

export interface ObjectRef extends KindRef {
  readonly namespace?: string;
  readonly name: string;
}

/** A kind as the API's paths name it. */
export interface Resource extends KindRef {
  readonly plural: string;
  readonly namespaced: boolean;
}

const NAMESPACED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  v1: {
    ConfigMap: 'configmaps',
    Endpoints: 'endpoints',
    Event: 'events',
    PersistentVolumeClaim: 'persistentvolumeclaims',
    Pod: 'pods',
    Secret: 'secrets',
    Service: 'services',
    ServiceAccount: 'serviceaccounts',
  },
  'apps/v1': {
    Deployment: 'deployments',
    ReplicaSet: 'replicasets',
    StatefulSet: 'statefulsets',
  },
  'autoscaling/v2': { HorizontalPodAutoscaler: 'horizontalpodautoscalers' },
  'batch/v1': { Job: 'jobs' },
  'coordination.k8s.io/v1': { Lease: 'leases' },
  'discovery.k8s.io/v1': { EndpointSlice: 'endpointslices' },
  'events.k8s.io/v1': { Event: 'events' },
  'gateway.networking.k8s.io/v1': { GRPCRoute: 'grpcroutes', HTTPRoute: 'httproutes' },
  'keda.sh/v1alpha1': { ScaledObject: 'scaledobjects' },
  'machinelearning.seldon.io/v1': { SeldonDeployment: 'seldondeployments' },
  'networking.istio.io/v1beta1': {
    DestinationRule: 'destinationrules',
    VirtualService: 'virtualservices',
  },
  'networking.k8s.io/v1': { Ingress: 'ingresses', NetworkPolicy: 'networkpolicies' },
  'policy/v1': { PodDisruptionBudget: 'poddisruptionbudgets' },
  'rbac.authorization.k8s.io/v1': { Role: 'roles', RoleBinding: 'rolebindings' },
};

const CLUSTER_WIDE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  v1: { Namespace: 'namespaces', Node: 'nodes' },
  'admissionregistration.k8s.io/v1': {
    MutatingWebhookConfiguration: 'mutatingwebhookconfigurations',
    ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
    ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
    ValidatingWebhookConfiguration: 'validatingwebhookconfigurations',
  },
  'apiextensions.k8s.io/v1': { CustomResourceDefinition: 'customresourcedefinitions' },
  'rbac.authorization.k8s.io/v1': {
    ClusterRole: 'clusterroles',
    ClusterRoleBinding: 'clusterrolebindings',
  },
};

export const KNOWN_RESOURCES: readonly Resource[] = [NAMESPACED, CLUSTER_WIDE].flatMap((table) =>
  Object.entries(table).flatMap(([apiVersion, kinds]) =>
    Object.entries(kinds).map(([kind, plural]) => ({
      apiVersion,
      kind,
      plural,
      namespaced: table === NAMESPACED,
    })),
  ),
);

export function findKnownResource({ apiVersion, kind }: KindRef): Resource | undefined {
  return KNOWN_RESOURCES.find((each) => each.apiVersion === apiVersion && each.kind === kind);
}

/** `/api/v1` or `/apis/apps/v1`. */
export function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

export interface PathParts {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** The path of a collection (over all namespaces where none is given), of an object, or of its subresource. */
export function resourcePath(resource: Resource, parts: PathParts): string {
  const { namespace, name, subresource } = parts;
  let path = groupPath(resource.apiVersion);
  if (resource.namespaced && namespace !== undefined)
    path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${resource.plural}`;
  if (name !== undefined) path += `/${encodeURIComponent(name)}`;
  if (subresource !== undefined) path += `/${subresource}`;
  return path;
}

/** The reference of an object, without the rest of it. */
export function refOf(object: KindRef & { readonly metadata: ObjectMeta }): ObjectRef {
  const { apiVersion, kind, metadata } = object;
  return metadata.namespace === undefined
    ? { apiVersion, kind, name: metadata.name }
    : { apiVersion, kind, namespace: metadata.namespace, name: metadata.name };
}
