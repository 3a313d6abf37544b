// The list that people ask for over the control socket: what is served where, by how many pods, and what is wrong.
import type { GatewayAgent, Publication } from './agent.ts';
import { listNotes } from './notes.ts';
import { servedPrefix } from '../config/routes.ts';
import type { ResourceRejection } from '../xds/refusals.ts';

export function renderServedList(
  agent: GatewayAgent,
  live: Publication | undefined,
  refusals: readonly ResourceRejection[],
): object {
  const notes =
    live === undefined ? agent.notes() : listNotes(agent.notes(), live.snapshot, refusals);
  const deployments = [...agent.parts()]
    .map(({ served, ready, leftovers }) => {
      const key = `${served.namespace}/${served.name}`;
      return {
        deployment: key,
        path: servedPrefix(served.namespace, served.publicName),
        hosts: served.hosts,
        predictors: ready.map(({ predictor, pods }) => {
          const { traffic, shadow } =
            served.predictors.find(({ name }) => name === predictor) ?? {};
          return { predictor, traffic, shadow, readyPods: pods };
        }),
        leftovers,
        notes: notes.get(key) ?? [],
      };
    })
    .sort((one, other) => (one.deployment < other.deployment ? -1 : 1));
  const served = new Set(deployments.map(({ deployment }) => deployment));
  return {
    live: live === undefined ? null : { resourceVersion: live.resourceVersion },
    conflicts: live?.snapshot.conflicts ?? [],
    refused: refusals,
    deployments,
    // With notes, and not served at all.
    left: [...notes]
      .filter(([key]) => !served.has(key))
      .map(([deployment, each]) => ({ deployment, notes: each })),
  };
}
