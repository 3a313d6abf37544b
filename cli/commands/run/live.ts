// What `--admin-port` serves of a run: the live page with its data, captured payloads where they are allowed, and Envoy's admin endpoint.
import type { Server } from 'node:http';
import type { WalkRecord } from '../../../extproc/live/walk-record.ts';
import { LOCAL_HOST } from '../../../lib/runtime/hosts.ts';
import { Capturing } from '../../../sidecar/live/capture/capturing.ts';
import { capturePages } from '../../../sidecar/live/capture/capture-pages.ts';
import { DEFAULT_CAPTURES } from '../../../sidecar/live/capture/limits.ts';
import { LiveHub } from '../../../sidecar/live/hub.ts';
import { livePages } from '../../../sidecar/live/pages.ts';
import { type LiveSampler, sourceOf } from '../../../sidecar/live/sampler.ts';
import { startAdminProxy } from '../../../sidecar/supervisor/admin-proxy.ts';
import type { DataPlane } from '../../../sidecar/supervisor/data-plane.ts';
import { samplerOf } from '../../../sidecar/supervisor/live-sampler.ts';
import type { TextLog } from '../../../sidecar/supervisor/log.ts';
import type { CaptureWish } from './parse.ts';

export interface LiveParts {
  readonly dataPlane: DataPlane;
  readonly logPath: string;
  readonly host: string;
  readonly adminPort: number;
  /** Undefined where nothing may be captured. */
  readonly capture: CaptureWish | undefined;
  readonly log: TextLog;
}

export interface RunningLive {
  /** Once Envoy runs: capturing, where it is to begin by itself. Resolves when it captures, or soon after if it cannot. */
  begin(): Promise<void>;
  takeWalks(walks: readonly WalkRecord[]): void;
  close(): void;
}

export async function startLive(parts: LiveParts): Promise<RunningLive> {
  const { dataPlane, capture, host, log } = parts;
  const { adminSocket, httpPort } = dataPlane.layout;
  const capturing =
    capture === undefined
      ? undefined
      : new Capturing({
          plan: () => dataPlane.plan,
          adminSocket,
          max: capture === 'paused' ? DEFAULT_CAPTURES : capture,
          watch: (tick) => sampler.watch(tick, 'requests'),
        });
  const sampler: LiveSampler = samplerOf(dataPlane, parts.logPath, log, capturing);
  const facts = () => capturing?.facts();
  const pages = livePages({
    requests: new LiveHub(sourceOf(sampler, 'requests'), undefined, facts),
    counters: new LiveHub(sourceOf(sampler, 'counters')),
  });
  const captures =
    capturing === undefined
      ? undefined
      : capturePages(capturing, { host: localHost(host), port: httpPort });
  const proxy: Server = await startAdminProxy(
    adminSocket,
    host,
    parts.adminPort,
    (request, response) => captures?.read(request, response) === true || pages(request, response),
    captures?.act,
  );
  return {
    begin: async () => {
      if (capture !== 'paused') await capturing?.start();
    },
    takeWalks: (walks) => sampler.takeWalks(walks),
    close: () => {
      proxy.close();
      proxy.closeAllConnections();
      capturing?.close();
      sampler.close();
    },
  };
}

/** A wildcard is no address to send to. */
function localHost(host: string): string {
  return host === '0.0.0.0' ? LOCAL_HOST : host === '::' ? '::1' : host;
}
