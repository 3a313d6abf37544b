// Decides the next step in the life of the certificates, from what is in the Secret and what the replicas have seen. A new
// authority is trusted before anything that it signed is served, and the old one is trusted until nothing that it signed is.
import type { Lifetimes } from './make.ts';
import { fingerprint, parseCertificate } from './material.ts';
import type { Material } from './material.ts';

/** What a replica wrote last: which certificate it serves, and which authorities it saw in both configurations. */
export interface Seen {
  readonly replica: string;
  /** Fingerprint of the certificate. */
  readonly serves: string;
  /** Fingerprints of the authorities. */
  readonly trusts: readonly string[];
  readonly atMs: number;
}

export interface RotationTimes {
  /** How long API servers may take to hear of a new caBundle. */
  readonly settleMs: number;
  /** How long the old authority stays at least. */
  readonly keepPreviousMs: number;
  /** A replica that has written nothing for this long, while certificates change, is gone. */
  readonly seenForMs: number;
}

export const ROTATION_TIMES: RotationTimes = {
  settleMs: 60_000,
  keepPreviousMs: 3_600_000,
  seenForMs: 120_000,
};

export type RotationStep =
  | { readonly kind: 'none' }
  /** The certificate anew, from the same authority. */
  | { readonly kind: 'renew-leaf' }
  /** A new authority and certificate beside those that are served. */
  | { readonly kind: 'stage-next' }
  | { readonly kind: 'serve-next' }
  | { readonly kind: 'drop-previous' };

export interface RotationInput {
  readonly material: Material;
  /** Names that the certificate must be good for. */
  readonly hosts: readonly string[];
  readonly seen: readonly Seen[];
  readonly nowMs: number;
  readonly times: RotationTimes;
}

/** Of a life, how much is used before it is renewed. */
const USED = 2 / 3;

export function nextStep(input: RotationInput): RotationStep {
  const { material, hosts, nowMs, times } = input;
  const { ca, leaf, next, previousCa, stageMs } = material;
  const live = input.seen.filter(({ atMs }) => nowMs - atMs < times.seenForMs);
  const ageMs = nowMs - stageMs;
  if (next !== undefined) {
    const trusted = fingerprint(next.ca.cert);
    const isTrusted = live.length > 0 && live.every(({ trusts }) => trusts.includes(trusted));
    return isTrusted && ageMs >= times.settleMs ? { kind: 'serve-next' } : { kind: 'none' };
  }
  if (previousCa !== undefined) {
    const served = fingerprint(leaf.cert);
    const isServed = live.length > 0 && live.every(({ serves }) => serves === served);
    const isDue = ageMs >= Math.max(times.keepPreviousMs, times.settleMs);
    if (isServed && isDue) return { kind: 'drop-previous' };
  }
  if (isUsed(ca.cert, nowMs))
    return previousCa === undefined ? { kind: 'stage-next' } : { kind: 'none' };
  if (isUsed(leaf.cert, nowMs) || !covers(leaf.cert, hosts)) return { kind: 'renew-leaf' };
  return { kind: 'none' };
}

/** Whether replicas are to say what they have seen: only while an authority changes. */
export function isRotating({ next, previousCa }: Material): boolean {
  return next !== undefined || previousCa !== undefined;
}

/** Whether lifetimes and rotation fit: a certificate must outlive the change of its authority. */
export function checkTimes(lifetimes: Lifetimes, times: RotationTimes): string | undefined {
  const spareMs = lifetimes.leafMs * (1 - USED);
  if (spareMs > 2 * times.settleMs && lifetimes.caMs >= lifetimes.leafMs) return undefined;
  return 'certificates would end before their successors are trusted';
}

function isUsed(pem: string, nowMs: number): boolean {
  const certificate = parseCertificate(pem);
  if (certificate === undefined) return true;
  const fromMs = Date.parse(certificate.validFrom);
  const toMs = Date.parse(certificate.validTo);
  return nowMs >= fromMs + (toMs - fromMs) * USED;
}

function covers(pem: string, hosts: readonly string[]): boolean {
  const certificate = parseCertificate(pem);
  return hosts.every((host) =>
    /^[\d.]+$|:/.test(host)
      ? certificate?.checkIP(host) !== undefined
      : certificate?.checkHost(host) !== undefined,
  );
}
