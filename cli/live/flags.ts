// The flags that `top`, `tap` and `trace` share: where a graph runs, and how to show it.
import * as flag from '../../lib/runtime/options.ts';
import { CLUSTER_FLAGS, type ClusterOptions } from '../cluster/flags.ts';
import { DEFAULT_LIVE_URL } from './follow.ts';
import type { LivePlace } from './source.ts';

export interface LiveOptions {
  readonly place: LivePlace;
  /** Only one look. */
  readonly once: boolean;
  readonly output: 'text' | 'json';
}

export const PLACE_FLAGS = {
  ...CLUSTER_FLAGS,
  url: flag.parsed<string | null>(parseUrl, null),
};

export const LIVE_FLAGS = {
  ...PLACE_FLAGS,
  once: flag.toggle(),
  output: flag.short('o', flag.oneOf(['text', 'json'], 'text')),
};

type PlaceValues = flag.Values<typeof PLACE_FLAGS>;

/** Whether flags name a cluster; a deployment's name does so too. */
export function isCluster({ namespace, context, kubeconfig }: ClusterOptions): boolean {
  return namespace !== null || context !== null || kubeconfig !== null;
}

/** `name`: of a deployment, null where none is given. */
export function placeOf(
  { url, namespace, context, kubeconfig }: PlaceValues,
  name: string | null,
  fault: flag.ReportProblem,
): LivePlace {
  const options = { namespace, context, kubeconfig };
  if (name === null && !isCluster(options)) return { kind: 'run', url: url ?? DEFAULT_LIVE_URL };
  if (url !== null) fault('--url is of a run on this machine: it goes with no cluster');
  if (name === null) fault('name the deployment, as in: -n NAMESPACE NAME');
  return { kind: 'cluster', options, name: name ?? '' };
}

/** The one name that a command line may have. */
export function nameOf(rest: readonly string[], fault: flag.ReportProblem): string | null {
  const [name, ...more] = rest;
  if (more.length > 0) fault(`one deployment at a time, not also ${more.join(' ')}`);
  return name ?? null;
}

function parseUrl(texts: readonly string[]): flag.Parsed<string | null> {
  const [text, more] = texts;
  if (text === undefined) return { kind: 'value', value: null };
  if (more !== undefined) return { kind: 'wrong', message: '--url is given twice' };
  const url = URL.parse(text);
  return url?.protocol === 'http:'
    ? { kind: 'value', value: text }
    : { kind: 'wrong', message: `--url ${text} is not http://HOST:PORT` };
}
