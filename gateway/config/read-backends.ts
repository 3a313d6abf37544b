// From the Services that a deployment owns and their EndpointSlices to the addresses that may be dialled. A slice is an
// object that people can write too, so an address counts only if the control plane's controller wrote it for that very
// Service, it is a pod's of the same namespace, and its port is one that the Service leads to.
import { isIP } from 'node:net';
import { isControlledBy } from '../../lib/kube/object.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { SELDON_LABELS } from '../../cluster/names.ts';
import type { Backend, PodAddress } from './served.ts';
import type { Transport } from '../../graph/plan/plan.ts';

export const SLICE_SERVICE_LABEL = 'kubernetes.io/service-name';
const SLICE_MANAGER_LABEL = 'endpointslice.kubernetes.io/managed-by';
const SLICE_MANAGER = 'endpointslice-controller.k8s.io';
/** Names of a predictor's Service ports. */
const PORT_NAMES: Readonly<Record<Transport, string>> = { rest: 'http', grpc: 'grpc' };
/** Loopback, link-local (a cloud's metadata among it) and "this host": never a pod's. */
const FORBIDDEN = /^(127\.|169\.254\.|0\.|::1$|::$|fe[89ab]|::ffff:)/i;

/**
 * The backends of a deployment, by name of the Service. `services` are those that name it among their owners; `slicesOf`
 * gives the EndpointSlices labelled with a Service's name.
 */
export function readBackends(
  owner: string,
  services: readonly KubeObject[],
  slicesOf: (service: KubeObject) => readonly KubeObject[],
): Backend[] {
  return services
    .filter((service) => isControlledBy(service, owner))
    .map((service) => {
      const slices = slicesOf(service).filter((slice) => isSliceOf(slice, service));
      return {
        service: service.metadata.name,
        rest: readAddresses(service, slices, 'rest'),
        grpc: readAddresses(service, slices, 'grpc'),
        // An explainer's selects by the same label.
        isPredictor:
          SELDON_LABELS.app in (specOf(service).selector ?? {}) &&
          service.metadata.labels?.[SELDON_LABELS.explainer] === undefined,
      };
    })
    .sort((one, other) => (one.service < other.service ? -1 : 1));
}

function isSliceOf(slice: KubeObject, service: KubeObject): boolean {
  const { metadata } = slice;
  const uid = service.metadata.uid ?? '';
  return (
    metadata.namespace === service.metadata.namespace &&
    metadata.labels?.[SLICE_SERVICE_LABEL] === service.metadata.name &&
    metadata.labels[SLICE_MANAGER_LABEL] === SLICE_MANAGER &&
    (slice.addressType === 'IPv4' || slice.addressType === 'IPv6') &&
    isControlledBy(slice, uid)
  );
}

function readAddresses(
  service: KubeObject,
  slices: readonly KubeObject[],
  transport: Transport,
): PodAddress[] {
  const name = PORT_NAMES[transport];
  const target = specOf(service).ports?.find((port) => port.name === name)?.targetPort;
  const found = new Map<string, PodAddress>();
  for (const slice of slices as readonly Slice[]) {
    const port = slice.ports?.find((each) => each.name === name)?.port;
    // A port by name may differ from pod to pod; ours are numbers.
    if (port === undefined || port === null || port !== target) continue;
    for (const { addresses, conditions, targetRef } of slice.endpoints ?? []) {
      const ip = addresses?.[0];
      if (ip === undefined || !mayBeDialled(ip, port) || conditions?.ready === false) continue;
      if (targetRef?.kind !== 'Pod' || targetRef.namespace !== service.metadata.namespace) continue;
      found.set(ip, { name: targetRef.name ?? '', ip, port });
    }
  }
  return [...found.values()].sort((one, other) => (one.ip < other.ip ? -1 : 1));
}

/** Envoy refuses the endpoints of a cluster where one has an address that is none. */
function mayBeDialled(ip: string, port: number): boolean {
  return (
    isIP(ip) !== 0 && !FORBIDDEN.test(ip) && Number.isInteger(port) && port > 0 && port < 65_536
  );
}

type Slice = KubeObject & {
  readonly ports?: readonly { readonly name?: string; readonly port?: number | null }[];
  readonly endpoints?: readonly {
    readonly addresses?: readonly string[];
    readonly conditions?: { readonly ready?: boolean | null };
    readonly targetRef?: {
      readonly kind?: string;
      readonly namespace?: string;
      readonly name?: string;
    };
  }[];
};

interface ServiceSpec {
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports?: readonly { readonly name?: string; readonly targetPort?: number | string }[];
}

function specOf(service: KubeObject): ServiceSpec {
  return (service.spec ?? {}) as ServiceSpec;
}
