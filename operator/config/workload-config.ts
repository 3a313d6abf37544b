// What the operator is told once, at its start: images, servers, defaults. Read from flags, environment and the
// `seldon-config` map at the rim; the renderers only see this.
import { INJECTION_ANNOTATION } from '../../cluster/names.ts';
import { DEFAULT_SIDECAR } from './defaults.ts';
import type { SidecarDefaults } from './defaults.ts';
import { NO_TRACING, type TracingDefaults } from '../../graph/seldon/tracing.ts';
import { SERVERS } from '../../graph/plan/servers.ts';
import type { Servers } from '../../graph/plan/servers.ts';

export interface OperatorConfig {
  /** `envoy` and `filter` are in `sidecar.images`. */
  readonly images: {
    readonly storageInitializer: string;
    /** Alibi's server, and MLServer's with Alibi's runtime for protocol v2. */
    readonly explainer: string;
    readonly explainerV2: string;
  };
  readonly predictorServers: Servers;
  readonly sidecar: SidecarDefaults;
  /** User that pods without a securityContext of their own run as; null for the image's own. */
  readonly defaultUserId: number | null;
  /** Secret with the storage initializer's settings where a unit names none; '' for none. */
  readonly defaultEnvSecret: string;
  /** Requests and limits of the storage initializer, as in a container. */
  readonly storageInitializerResources: object;
  readonly clusterDomain: string;
  /** First ports of units; deployments are loaded with the same. */
  readonly ports: { readonly http: number; readonly grpc: number; readonly metrics: number };
  readonly injectionAnnotation: string;
  /** What is made for programs of others, each only where the chart's value says so. */
  readonly keda: { readonly enabled: boolean };
  readonly istio: IstioSettings;
  readonly gatewayApi: GatewayApiSettings;
  readonly ambassador: AmbassadorSettings;
  /** Where traces go and of how many requests, for deployments that say nothing of their own. */
  readonly tracing: TracingDefaults;
}

export interface IstioSettings {
  readonly enabled: boolean;
  /** `namespace/name` of Istio's Gateway, where a deployment's annotation names none. */
  readonly gateway: string;
  /** TLS between Istio's proxies and the pods (`ISTIO_MUTUAL` …); '' to leave it to the mesh. */
  readonly tlsMode: string;
}

export interface GatewayApiSettings {
  readonly enabled: boolean;
  /** `namespace/name` of the Gateway. */
  readonly gateway: string;
  /** Its listener for REST; '' for all that take the routes. */
  readonly listener: string;
  /** Its listener for gRPC; '' for no routes of gRPC. */
  readonly grpcListener: string;
}

export interface AmbassadorSettings {
  readonly enabled: boolean;
  /** Whether paths without the namespace are mapped too. */
  readonly singleNamespace: boolean;
}

export const DEFAULT_CONFIG: OperatorConfig = {
  images: {
    storageInitializer: 'docker.io/seldonio/rclone-storage-initializer:1.17.1',
    // Of 2023, with an alibi under Apache-2.0: from 0.9.5 on it is under the BSL, not free for production.
    explainer: 'seldonio/alibiexplainer:1.17.1',
    explainerV2: 'seldonio/mlserver:1.3.5-alibi-explain',
  },
  predictorServers: SERVERS,
  sidecar: DEFAULT_SIDECAR,
  defaultUserId: 8888,
  defaultEnvSecret: '',
  storageInitializerResources: {
    limits: { cpu: '1', memory: '1Gi' },
    requests: { cpu: '100m', memory: '100Mi' },
  },
  clusterDomain: 'cluster.local',
  ports: { http: 9000, grpc: 9500, metrics: 6000 },
  injectionAnnotation: INJECTION_ANNOTATION,
  keda: { enabled: false },
  istio: { enabled: false, gateway: 'istio-system/seldon-gateway', tlsMode: '' },
  gatewayApi: { enabled: false, gateway: '', listener: '', grpcListener: '' },
  ambassador: { enabled: false, singleNamespace: false },
  tracing: NO_TRACING,
};
