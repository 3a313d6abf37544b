// What keeps a part of a cluster's live data from being shown: a code for each reason, and in words what to do about it. The rest is
// shown all the same.
import { PORTS } from '../../cluster/names.ts';
import type { LiveNote } from '../../sidecar/live/state.ts';

/** Every code and what it means; what to do is said with each note. */
export const LIVE_NOTES = {
  CLUSTER_AWAY: 'the API server does not respond, or fails; what was connected before goes on',
  DEPLOYMENT_FORBIDDEN:
    'the SeldonDeployment may not be read: shares of the traffic and shadows are not known',
  DEPLOYMENT_MISSING: 'there is no such SeldonDeployment, though pods of it may still run',
  FORWARD_FORBIDDEN: 'no connection may be made to the pods, so nothing is known of their requests',
  NOT_INJECTED: 'a predictor has pods, and none of them has sidecars',
  NO_PODS: 'no pod of the deployment runs',
  PODS_FORBIDDEN: 'the pods may not be listed',
  PODS_LEFT_OUT: 'there are more pods than are watched at a time; sums are of those that are',
  POD_BUSY: 'as many people as a pod allows watch it already',
  POD_SILENT: 'the sidecars of a pod have no live port: they are older, or it is taken',
  POD_UNREACHABLE: 'the API server does not reach a pod',
  POD_VERSION: 'the sidecars of a pod tell their data in another form than this command reads',
} as const;

export type LiveNoteCode = keyof typeof LIVE_NOTES;

/** The chart's ClusterRole with all that is needed; bind it in a namespace. */
export const WATCH_ROLE = 'sidegraph-watch-seldondeployments';

export function bindAdvice(namespace: string): string {
  return `kubectl create rolebinding watch-graphs -n ${namespace} --clusterrole=${WATCH_ROLE} --user=NAME`;
}

/** A rule as it is in a Role, on one line. */
export const RIGHTS = {
  deployments:
    '{apiGroups: [machinelearning.seldon.io], resources: [seldondeployments], verbs: [get, list]}',
  pods: '{apiGroups: [""], resources: [pods], verbs: [list]}',
  forward: '{apiGroups: [""], resources: [pods/portforward], verbs: [get, create]}',
} as const;

export function missing(right: keyof typeof RIGHTS, namespace: string): string {
  return `the Role needs the rule ${RIGHTS[right]}; the chart has one with it: ${bindAdvice(namespace)}`;
}

export function note(code: LiveNoteCode, message: string, advice: string): LiveNote {
  return { code, message, advice };
}

/** What is the matter with some pods, as one note. */
export function podsNote(
  code: LiveNoteCode,
  pods: readonly string[],
  words: string,
  namespace: string,
): LiveNote {
  const named = pods.slice(0, MAX_NAMED).join(', ');
  const more = pods.length > MAX_NAMED ? ` and ${pods.length - MAX_NAMED} more` : '';
  return note(code, `${named}${more}: ${words}`, adviceOf(code, namespace));
}

const MAX_NAMED = 3;

function adviceOf(code: LiveNoteCode, namespace: string): string {
  switch (code) {
    case 'FORWARD_FORBIDDEN':
      return missing('forward', namespace);
    case 'POD_SILENT':
      return `pods get the current sidecars when they are made anew (kubectl rollout restart); port ${PORTS.live} has to be free in them`;
    case 'POD_VERSION':
      return 'use the `sidegraph` of the same release as the sidecars';
    case 'POD_BUSY':
      return 'close another dashboard, top or tap';
    default:
      return 'it is tried again';
  }
}
