// The gateway's agent as one running thing: watches in, discovery server, status port and acknowledgement out. It starts
// without the API server on what it served last, and without the operator at all.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../lib/runtime/log.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { Reflector } from '../../lib/kube/reflector.ts';
import type { Registry } from '../../lib/kube/registry.ts';
import { FIELD_MANAGERS, MANAGED_BY, SELDON_LABELS } from '../../cluster/names.ts';
import { listInUse, renderAcknowledgement } from '../../cluster/acknowledge.ts';
import { GatewayAgent, type Publication, type Remembered } from './agent.ts';
import type { GatewayLayout } from '../config/bootstrap.ts';
import { tracedMatches } from '../config/traced.ts';
import { writeEnvoyFiles } from './envoy-files.ts';
import { drainEnvoy, undrainEnvoy } from './drain.ts';
import { gatewayControlSocket, startGatewayControl } from './control.ts';
import { type DeploymentPart, renderPart } from '../config/deployment-part.ts';
import { readEnvoyMetrics } from './envoy-metrics.ts';
import { readLastState, writeLastState } from './last-state.ts';
import { registerGatewayMetrics } from './metrics.ts';
import { listNotes } from './notes.ts';
import type { GatewayOptions } from './options.ts';
import { SLICE_SERVICE_LABEL } from '../config/read-backends.ts';
import { renderServedList } from './served-list.ts';
import { startGatewayStatus } from './status-server.ts';
import { type Desired, SnapshotEncoder } from '../xds/desired.ts';
import { DiscoveryServer } from '../xds/server.ts';
import { STORED_KIND } from '../../graph/crd/names.ts';

/** The acknowledgement and the state on disk are written at most that often, ms. */
const WRITE_MS = 500;

export interface Gateway {
  readonly layout: GatewayLayout;
  /** Undefined: ready; else why not. */
  notReady(): string | undefined;
  close(): Promise<void>;
}

export interface GatewayDeps {
  readonly client: KubeClient;
  readonly registry: Registry;
  readonly log: Log;
  /** `renderPart`, but for tests that need what Envoy refuses. */
  readonly render?: typeof renderPart;
}

export function layoutOf(options: GatewayOptions): GatewayLayout {
  return {
    host: options.host,
    httpPort: options.httpPort,
    tls:
      options.tls === undefined
        ? undefined
        : { ...options.tls, secretsPath: join(options.runDir, 'tls-secrets.json') },
    adminSocket: join(options.runDir, 'admin.sock'),
    discoverySocket: join(options.runDir, 'discovery.sock'),
    accessLogPath: options.accessLogPath,
    accessLog: options.accessLog,
    maxRequestSeries: options.maxRequestSeries,
    tracing: options.tracing,
    nodeId: options.pod?.name ?? 'gateway',
    httpFilters: options.httpFilters,
    bounds: options.bounds,
    clients: options.clients,
  };
}

export function bootstrapPathOf(options: GatewayOptions): string {
  return join(options.runDir, 'bootstrap.json');
}

export async function startGateway(options: GatewayOptions, deps: GatewayDeps): Promise<Gateway> {
  const { client, log, registry } = deps;
  const layout = layoutOf(options);
  const statePath = join(options.stateDir, 'last.json');
  await mkdir(options.runDir, { recursive: true });
  await mkdir(options.stateDir, { recursive: true });
  await writeEnvoyFiles(bootstrapPathOf(options), layout);

  // An agent before this one may have drained an Envoy that lives on.
  void undrainEnvoy(layout.adminSocket);
  const stopping = new AbortController();
  const publications = new WeakMap<Desired, Publication>();
  const encoder = new SnapshotEncoder();
  let live: Publication | undefined;
  let kept: Publication['snapshot'] | undefined;
  let isDraining = false;
  let hasSynced = false;

  const server = new DiscoveryServer({
    log,
    onRefused: () => {
      metrics.refused.add(1);
      writes.wake();
    },
    onLeftOut: (desired, refused) => agent.onRefused(desired.parts, refused),
    onLive: (desired) => {
      const publication = publications.get(desired);
      if (publication === undefined) return;
      agent.onLive(publication.snapshot);
      if (live !== publication)
        metrics.liveSeconds.observe((performance.now() - publication.sinceMs) / 1000);
      live = publication;
      writes.wake();
    },
  });
  const metrics = registerGatewayMetrics(registry, server, () => agent.refused);

  const reflect = (apiVersion: string, kind: string, labelSelector?: string) =>
    new Reflector({
      client,
      kind: { apiVersion, kind },
      ...(options.namespace === '' ? {} : { namespace: options.namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      indexedLabels: [SLICE_SERVICE_LABEL],
      trim: trimManagedFields,
      onChange: (change) => agent.onChange(change),
      log,
    });
  // EndpointSlices carry the labels of their Service.
  const ours = `${SELDON_LABELS.managedBy}=${MANAGED_BY}`;
  const reflectors = {
    deployments: reflect(STORED_KIND.apiVersion, STORED_KIND.kind),
    services: reflect('v1', 'Service', ours),
    slices: reflect('discovery.k8s.io/v1', 'EndpointSlice', ours),
  };
  const all = Object.values(reflectors);
  const render: typeof renderPart = (served, backends) => {
    const part = (deps.render ?? renderPart)(served, backends);
    encoder.verify(part);
    return part;
  };
  const agent = new GatewayAgent({
    log,
    render,
    first: tracedMatches(layout),
    stores: {
      deployments: reflectors.deployments.store,
      services: reflectors.services.store,
      slices: reflectors.slices.store,
    },
    publish: (publication) => {
      const desired = encoder.encode(publication.snapshot);
      publications.set(desired, publication);
      metrics.conflicts.set(publication.snapshot.conflicts.length);
      server.publish(desired);
      writes.wake();
    },
  });
  const writes = startWriter(async () => {
    if (hasSynced && live !== undefined && live.snapshot !== kept) {
      kept = live.snapshot;
      await writeLastState(statePath, agent.remember());
    }
    if (options.pod === undefined || live === undefined || live.resourceVersion === '0') return;
    const { resourceVersion, snapshot } = live;
    const inUse = listInUse(snapshot.leftovers, server.leaving);
    const notes = listNotes(agent.notes(), snapshot, server.refusals);
    await client.apply(renderAcknowledgement(options.pod, { resourceVersion, inUse, notes }), {
      manager: FIELD_MANAGERS.gateway,
      force: true,
    });
  }, log);

  const last = await readLastState(statePath);
  if (last !== undefined) {
    agent.assume(last);
    server.assume(renderAll(last, render));
  }
  await server.listen(layout.discoverySocket);
  const watching = all.map((each) => each.run(stopping.signal));
  const synced = Promise.all(all.map((each) => each.synced)).then(
    () => {
      hasSynced = true;
      log.info({}, 'the deployments are known');
      agent.open();
    },
    () => undefined,
  );
  const recalled = Promise.race([synced, delay(options.recallMs, undefined, { ref: false })]).then(
    () => {
      if (last === undefined || hasSynced) return;
      log.warn({ deployments: last.length }, 'no API server; serving what was served last');
      agent.recall(last);
    },
  );

  const notReady = (): string | undefined => {
    if (isDraining) return 'draining';
    if (live === undefined)
      return hasSynced ? 'Envoy has no routes yet' : 'the deployments are not known yet';
    return server.connected === 0 ? 'Envoy is not connected' : undefined;
  };
  let draining: Promise<void> | undefined;
  const drain = (): Promise<void> => {
    isDraining = true;
    draining ??= drainEnvoy({ adminSocket: layout.adminSocket, ...options.drain });
    return draining;
  };
  const status = await startGatewayStatus(options.statusPort, options.host, {
    notReady,
    metrics: async () => {
      const served = (live?.snapshot.parts ?? new Map<string, DeploymentPart>()).keys();
      const { maxRequestSeries } = options;
      return `${registry.render()}${await readEnvoyMetrics(layout.adminSocket, { served, maxRequestSeries })}`;
    },
  });
  const control = await startGatewayControl(gatewayControlSocket(options.runDir), {
    adminSocket: layout.adminSocket,
    list: () => renderServedList(agent, live, server.refusals),
    drain,
  });
  return {
    layout,
    notReady,
    close: async () => {
      stopping.abort();
      agent.close();
      await Promise.all([...watching, synced, recalled]);
      await writes.close();
      server.close();
      for (const each of [status, control]) {
        each.closeAllConnections();
        await new Promise((resolve) => each.close(resolve));
      }
    },
  };
}

/** Parts by `namespace/name`; what cannot be rendered any more is left out. */
function renderAll(
  remembered: readonly Remembered[],
  render: typeof renderPart,
): ReadonlyMap<string, DeploymentPart> {
  return new Map(
    remembered.flatMap(({ served, backends }) => {
      try {
        return [[`${served.namespace}/${served.name}`, render(served, backends)] as const];
      } catch {
        return [];
      }
    }),
  );
}

function trimManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _fields, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Runs a write after the last wake, one at a time and not too often; a failed one is tried again. */
function startWriter(write: () => Promise<void>, log: Log) {
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const run = () => {
    timer = undefined;
    running = running.then(write).catch((error: unknown) => {
      log.warn({ error: String(error) }, 'what is live could not be written');
      timer ??= setTimeout(run, WRITE_MS * 10);
    });
  };
  return {
    wake: () => {
      timer ??= setTimeout(run, WRITE_MS);
    },
    close: async () => {
      clearTimeout(timer);
      await running;
      clearTimeout(timer);
    },
  };
}
