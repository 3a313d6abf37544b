// Seldon's annotations for its ingresses, and ours, as the gateway understands them. Each that cannot be used, or that Envoy
// would refuse, becomes a note: all deployments share one route table.
import { checkRegex } from './check-regex.ts';
import type { Note } from '../../cluster/acknowledge.ts';
import type { Breakers } from '../../envoy/kit/cluster.ts';
import type { HeaderCondition, ServedDeployment } from './served.ts';
import {
  EXPOSURE_ANNOTATIONS,
  INGRESS_ANNOTATIONS,
  BREAKERS_PREFIX,
} from '../../graph/seldon/annotation-names.ts';

type Annotations = Readonly<Record<string, string>>;

/** Seldon's default for a try, where retries are asked for. */
const DEFAULT_TRY_SECONDS = 1;
const MAX_ATTEMPTS = 10;
const MAX_TRY_SECONDS = 86_400;
const MAX_BREAKER = 1_000_000;

/** Names of annotations, made once. */
const BREAKER_ANNOTATIONS: Readonly<Record<keyof Breakers, string>> = {
  maxConnections: `${BREAKERS_PREFIX}max-connections`,
  maxPendingRequests: `${BREAKERS_PREFIX}max-pending-requests`,
  maxRequests: `${BREAKERS_PREFIX}max-requests`,
  maxRetries: `${BREAKERS_PREFIX}max-retries`,
};

const DEFAULT_BREAKERS: Breakers = {
  maxConnections: 4096,
  maxPendingRequests: 8192,
  maxRequests: 8192,
  maxRetries: 1024,
};

const HOST = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** RFC 1035. */
const MAX_HOST_LENGTH = 253;
/** Hosts of one deployment: each costs two comparisons for a request to its path. */
export const MAX_HOSTS = 100;
/** Wrong hosts that get a note of their own. */
const MAX_NAMED = 5;
const MAX_QUOTED = 100;
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const HEADER_VALUE = /^[\x20-\x7e]{0,1024}$/;

export function readHosts(annotations: Annotations, notes: Note[]): readonly string[] {
  const path =
    annotations[EXPOSURE_ANNOTATIONS.hosts] === undefined
      ? INGRESS_ANNOTATIONS.istioHost
      : EXPOSURE_ANNOTATIONS.hosts;
  const written = annotations[path];
  if (written === undefined) return [];
  const names = written
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  if (names.includes('*')) return [];
  const isHost = (name: string) => name.length <= MAX_HOST_LENGTH && HOST.test(name);
  const wrong = names.filter((name) => !isHost(name));
  for (const name of wrong.slice(0, MAX_NAMED))
    notes.push({ path, message: `'${quote(name)}' is no host name; left out` });
  if (wrong.length > MAX_NAMED)
    notes.push({ path, message: `${wrong.length - MAX_NAMED} more are no host names; left out` });
  const usable = [...new Set(names.filter(isHost))].sort();
  if (usable.length > MAX_HOSTS)
    notes.push({
      path,
      message: `${usable.length} hosts; only the first ${MAX_HOSTS} in the order of the alphabet are served`,
    });
  // None usable: served under a host that nobody has, rather than under all.
  return names.length > 0 && usable.length === 0 ? ['invalid'] : usable.slice(0, MAX_HOSTS);
}

export function readHeaders(annotations: Annotations, notes: Note[]): readonly HeaderCondition[] {
  return [
    ...readHeader(annotations, INGRESS_ANNOTATIONS.ambassadorHeader, false, notes),
    ...readHeader(annotations, INGRESS_ANNOTATIONS.ambassadorRegexHeader, true, notes),
  ];
}

/** `name: value`. */
function readHeader(
  annotations: Annotations,
  path: string,
  isRegex: boolean,
  notes: Note[],
): HeaderCondition[] {
  const text = annotations[path];
  if (text === undefined) return [];
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0)).trim().toLowerCase();
  const value = text.slice(colon + 1).trim();
  const fault =
    HEADER_NAME.test(name) && HEADER_VALUE.test(value)
      ? isRegex
        ? checkRegex(value)
        : undefined
      : 'it is not `name: value` of printable ASCII characters';
  if (fault === undefined) return [{ name, value, isRegex }];
  notes.push({
    path,
    message: `'${quote(text)}' cannot be matched by Envoy (${fault}); no request matches`,
  });
  // A condition that was meant to narrow must not widen.
  return [{ name: 'host', value: '[^\\s\\S]', isRegex: true }];
}

export function readRetries(annotations: Annotations, notes: Note[]): ServedDeployment['retries'] {
  const istio = readInteger(annotations, INGRESS_ANNOTATIONS.istioRetries, MAX_ATTEMPTS, notes);
  const attempts =
    istio ?? readInteger(annotations, INGRESS_ANNOTATIONS.ambassadorRetries, MAX_ATTEMPTS, notes);
  if (attempts === undefined || attempts === 0) return null;
  const trySeconds =
    istio === undefined
      ? undefined
      : (readInteger(
          annotations,
          INGRESS_ANNOTATIONS.istioRetriesTimeout,
          MAX_TRY_SECONDS,
          notes,
        ) ?? DEFAULT_TRY_SECONDS);
  return { attempts, perTryTimeoutMs: (trySeconds ?? 0) * 1000 };
}

export function readBreakers(annotations: Annotations, notes: Note[]): Breakers {
  const read = (name: keyof Breakers): number =>
    readInteger(annotations, BREAKER_ANNOTATIONS[name], MAX_BREAKER, notes) ??
    DEFAULT_BREAKERS[name];
  return {
    maxConnections: read('maxConnections'),
    maxPendingRequests: read('maxPendingRequests'),
    maxRequests: read('maxRequests'),
    maxRetries: read('maxRetries'),
  };
}

function readInteger(
  annotations: Annotations,
  path: string,
  max: number,
  notes: Note[],
): number | undefined {
  const text = annotations[path]?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) <= max) return Number(text);
  notes.push({ path, message: `'${quote(text)}' is no integer from 0 to ${max}; left out` });
  return undefined;
}

/** A value for a message: a note goes into logs and the status. */
export function quote(text: string): string {
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
}
