// Everything that one deployment adds to the snapshot. Parts are independent, so that a change of one deployment renders one
// part; what two of them may claim at once (paths, names) is settled where they are put together.
import type { EnvoyJson } from '../../envoy/kit/json.ts';
import { clusterName, renderCluster, renderEndpoints } from './clusters.ts';
import { explainerRoute, grpcRoutes, restRoutes } from './routes.ts';
import type { Backend, ServedDeployment, ServedPredictor } from './served.ts';
import { listLeftovers, shareTraffic } from './shares.ts';
import type { Transport } from '../../graph/plan/plan.ts';

export interface DeploymentPart {
  readonly served: ServedDeployment;
  readonly rest: readonly EnvoyJson[];
  readonly grpc: readonly EnvoyJson[];
  readonly explainers: readonly { readonly predictor: string; readonly route: EnvoyJson }[];
  readonly clusters: readonly PartCluster[];
  /** Services that get requests though the deployment no longer names them. */
  readonly leftovers: readonly string[];
  /** Predictors with their ready pods, for the list that people read. */
  readonly ready: readonly { readonly predictor: string; readonly pods: number }[];
}

export interface PartCluster {
  readonly name: string;
  readonly cluster: EnvoyJson;
  readonly endpoints: EnvoyJson;
  readonly isEmpty: boolean;
  /** After it left the routes it stays that long, ms. */
  readonly holdMs: number;
}

const TRANSPORTS: readonly Transport[] = ['rest', 'grpc'];

export function renderPart(served: ServedDeployment, backends: readonly Backend[]): DeploymentPart {
  const rest = shareTraffic(served, backends, 'rest');
  const grpc = shareTraffic(served, backends, 'grpc');
  const old = new Set(listLeftovers(served, backends));
  const leftovers = [...rest.serving, ...grpc.serving]
    .map(({ service }) => service)
    .filter((service, at, all) => old.has(service) && all.indexOf(service) === at);
  return {
    served,
    rest: restRoutes(served, rest, homesOf(served, backends, 'rest')),
    grpc: grpcRoutes(served, grpc, homesOf(served, backends, 'grpc')),
    explainers: served.predictors.flatMap(({ name, explainerService: service }) =>
      service === null
        ? []
        : [
            {
              predictor: name,
              route: explainerRoute(served, name, service, podsOf(backends, service) > 0),
            },
          ],
    ),
    clusters: renderClusters(served, backends, leftovers),
    leftovers,
    ready: served.predictors.map(({ name, service }) => ({
      predictor: name,
      pods: podsOf(backends, service),
    })),
  };
}

/** The predictors to whose pods feedback can come home, whatever their share is now. */
function homesOf(
  { predictors }: ServedDeployment,
  backends: readonly Backend[],
  transport: Transport,
): ServedPredictor[] {
  return predictors.filter(
    ({ remembers, service }) =>
      remembers && backends.some((each) => each.service === service && each[transport].length > 0),
  );
}

/** The Services that the deployment names, ready or not, so that a cluster is there before the first route to it. */
function renderClusters(
  served: ServedDeployment,
  backends: readonly Backend[],
  leftovers: readonly string[],
): PartCluster[] {
  const named = new Map(served.predictors.map((each) => [each.service, each]));
  const explainers = new Set(served.predictors.map((each) => each.explainerService));
  return backends
    .filter(
      ({ service }) => named.has(service) || explainers.has(service) || leftovers.includes(service),
    )
    .flatMap((backend) =>
      TRANSPORTS.filter(
        (transport) => transport === 'rest' || !explainers.has(backend.service),
      ).map((transport) => {
        const name = clusterName(served.namespace, backend.service, transport);
        const predictor = named.get(backend.service);
        const remembers = predictor?.remembers === true;
        const isBare =
          named.get(backend.service)?.isBare === true || explainers.has(backend.service);
        return {
          name,
          cluster: renderCluster(
            name,
            transport,
            served.breakers,
            isBare,
            named.get(backend.service)?.isEncrypted === true
              ? `${backend.service}.${served.namespace}`
              : undefined,
            remembers,
          ),
          endpoints: renderEndpoints(
            name,
            backend[transport],
            remembers ? predictor.name : undefined,
          ),
          isEmpty: backend[transport].length === 0,
          holdMs: served.longestRequestMs,
        };
      }),
    );
}

function podsOf(backends: readonly Backend[], service: string): number {
  return backends.find((each) => each.service === service)?.rest.length ?? 0;
}
