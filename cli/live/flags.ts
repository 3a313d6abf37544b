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
  url: flag.parsed<string | undefined>(parseUrl, undefined),
};

export const LIVE_FLAGS = {
  ...PLACE_FLAGS,
  once: flag.toggle(),
  output: flag.short('o', flag.oneOf(['text', 'json'], 'text')),
};

type PlaceValues = flag.Values<typeof PLACE_FLAGS>;

/** Whether flags name a cluster; a deployment's name does so too. */
export function isCluster({ namespace, context, kubeconfig }: ClusterOptions): boolean {
  return namespace !== undefined || context !== undefined || kubeconfig !== undefined;
}

/** `name`: of a deployment, undefined where none is given. */
export function placeOf(
  { url, namespace, context, kubeconfig }: PlaceValues,
  name: string | undefined,
  fault: flag.ReportProblem,
): LivePlace {
  const options = { namespace, context, kubeconfig };
  if (name === undefined && !isCluster(options))
    return { kind: 'run', url: url ?? DEFAULT_LIVE_URL };
  if (url !== undefined) fault('--url is of a run on this machine: it goes with no cluster');
  if (name === undefined) fault('name the deployment, as in: -n NAMESPACE NAME');
  return { kind: 'cluster', options, name: name ?? '' };
}

/** The one name that a command line may have. */
export function nameOf(rest: readonly string[], fault: flag.ReportProblem): string | undefined {
  const [name, ...more] = rest;
  if (more.length > 0) fault(`one deployment at a time, not also ${more.join(' ')}`);
  return name;
}

function parseUrl(texts: readonly string[]): flag.Parsed<string | undefined> {
  const [text, more] = texts;
  if (text === undefined) return { kind: 'value', value: undefined };
  if (more !== undefined) return { kind: 'wrong', message: '--url is given twice' };
  const url = URL.parse(text);
  return url?.protocol === 'http:'
    ? { kind: 'value', value: text }
    : { kind: 'wrong', message: `--url ${text} is not http://HOST:PORT` };
}
