// The watched files of a rendered configuration, and the order in which a running Envoy is given the changed ones.
import { type DiscoveryFile, clustersFile, listenersFile, routesFile } from '../kit/discovery.ts';
import { type EnvoyLayout, clustersPath, listenersPath, routesPath } from '../kit/layout.ts';
import type { EnvoyFiles } from '../sidecar/render.ts';
import { resourceName } from './retained.ts';

/** Start of a subscription's statistics; of a route table, the end. */
export const CDS = 'cluster_manager.cds';
export const LDS = 'listener_manager.lds';
const RDS = 'rds.';

export interface WatchedFile {
  readonly subscription: string;
  readonly path: string;
  readonly file: DiscoveryFile;
}

export interface SwapStep {
  readonly files: readonly WatchedFile[];
  /** False for route tables that no listener follows yet: they are read when their listener comes. */
  readonly reported: boolean;
}

/** All files, clusters first and listeners last. */
export function watchedFiles(files: EnvoyFiles, layout: EnvoyLayout): WatchedFile[] {
  return [
    { subscription: CDS, path: clustersPath(layout), file: clustersFile(files.clusters) },
    ...Object.entries(files.routes).map(([name, table]) => ({
      subscription: RDS + name,
      path: routesPath(layout, name),
      file: routesFile(table),
    })),
    { subscription: LDS, path: listenersPath(layout), file: listenersFile(files.listeners) },
  ];
}

/**
 * Make before break: clusters, tables of listeners to come, those listeners, tables in use, then the listeners that
 * change. A front route thus never names a predictor whose listener is not there.
 */
export function swapSteps(
  before: EnvoyFiles,
  next: EnvoyFiles,
  layout: EnvoyLayout,
  changed: readonly WatchedFile[],
): SwapStep[] {
  const isTable = (each: WatchedFile) => each.subscription.startsWith(RDS);
  const isFollowed = (each: WatchedFile) =>
    Object.hasOwn(before.routes, each.subscription.slice(RDS.length));
  const known = new Set(before.listeners.map(resourceName));
  const added = next.listeners.filter((listener) => !known.has(resourceName(listener)));
  const additions: WatchedFile = {
    subscription: LDS,
    path: listenersPath(layout),
    file: listenersFile([...before.listeners, ...added]),
  };
  const steps: SwapStep[] = [
    { files: changed.filter((each) => each.subscription === CDS), reported: true },
    { files: changed.filter((each) => isTable(each) && !isFollowed(each)), reported: false },
    { files: added.length === 0 ? [] : [additions], reported: true },
    { files: changed.filter((each) => isTable(each) && isFollowed(each)), reported: true },
    { files: changed.filter((each) => each.subscription === LDS), reported: true },
  ];
  return steps.filter((step) => step.files.length > 0);
}
