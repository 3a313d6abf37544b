// What the Secret holds: the authority and certificate that are served, those that are about to be, and the authority that was.
// All replicas read it; the leader alone writes the next stage.
import { X509Certificate } from 'node:crypto';
import { isPlainObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { KeyPair } from './make.ts';

export interface Material {
  readonly ca: KeyPair;
  /** Signed by `ca`; served. */
  readonly leaf: KeyPair;
  /** Trusted already, to be served once every API server can have heard of it. */
  readonly next: { readonly ca: KeyPair; readonly leaf: KeyPair } | undefined;
  /** PEM of the authority before `ca`, trusted until nobody serves what it signed. */
  readonly previousCa: string | undefined;
  /** When the stage that this is was begun. */
  readonly stageMs: number;
}

const KEYS = {
  ca: ['ca.crt', 'ca.key'],
  leaf: ['tls.crt', 'tls.key'],
  nextCa: ['next-ca.crt', 'next-ca.key'],
  nextLeaf: ['next-tls.crt', 'next-tls.key'],
} as const;
const PREVIOUS_KEY = 'previous-ca.crt';
const STAGE_ANNOTATION = 'sidegraph.io/stage-begun';

/** What goes into the fields of the Secret; the caller adds its name. */
export function renderSecret(material: Material, metadata: KubeObject['metadata']): KubeObject {
  const { next } = material;
  const data = {
    ...renderPair(KEYS.ca, material.ca),
    ...renderPair(KEYS.leaf, material.leaf),
    ...(next === undefined
      ? {}
      : { ...renderPair(KEYS.nextCa, next.ca), ...renderPair(KEYS.nextLeaf, next.leaf) }),
    ...(material.previousCa === undefined ? {} : { [PREVIOUS_KEY]: encode(material.previousCa) }),
  };
  const annotations = {
    ...metadata.annotations,
    [STAGE_ANNOTATION]: new Date(material.stageMs).toISOString(),
  };
  // A Secret's type cannot change, and the chart makes this one empty, which kubernetes.io/tls refuses to be.
  const type = 'Opaque';
  return { apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, annotations }, type, data };
}

/** Undefined when the Secret does not hold what we would have written. */
export function parseSecret(secret: KubeObject): Material | undefined {
  const data = isPlainObject(secret['data']) ? secret['data'] : {};
  const ca = parsePair(data, KEYS.ca);
  const leaf = parsePair(data, KEYS.leaf);
  if (ca === undefined || leaf === undefined || !isSignedBy(leaf, ca)) return undefined;
  const nextCa = parsePair(data, KEYS.nextCa);
  const nextLeaf = parsePair(data, KEYS.nextLeaf);
  const isNext = nextCa !== undefined && nextLeaf !== undefined && isSignedBy(nextLeaf, nextCa);
  const previous = decode(data[PREVIOUS_KEY]);
  const begun = Date.parse(secret.metadata.annotations?.[STAGE_ANNOTATION] ?? '');
  return {
    ca,
    leaf,
    next: isNext ? { ca: nextCa, leaf: nextLeaf } : undefined,
    previousCa: previous !== '' && parseCertificate(previous) !== undefined ? previous : undefined,
    stageMs: Number.isNaN(begun) ? 0 : begun,
  };
}

/** The caBundle: every authority that may have signed what is served, PEM. */
export function trustedBundle({ ca, next, previousCa }: Material): string {
  return [ca.cert, next?.ca.cert, previousCa]
    .flatMap((pem) => (pem === undefined ? [] : [pem.trim()]))
    .map((pem) => `${pem}\n`)
    .join('');
}

export function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** SHA-256 of a certificate, hex, cut to what tells certificates apart. */
export function fingerprint(pem: string): string {
  const text = parseCertificate(pem)?.fingerprint256 ?? '';
  return text.replaceAll(':', '').toLowerCase().slice(0, 16);
}

function isSignedBy(leaf: KeyPair, ca: KeyPair): boolean {
  const child = parseCertificate(leaf.cert);
  const parent = parseCertificate(ca.cert);
  return child !== undefined && parent !== undefined && child.verify(parent.publicKey);
}

type PairKeys = readonly [string, string];

function renderPair([cert, key]: PairKeys, pair: KeyPair): Record<string, string> {
  return { [cert]: encode(pair.cert), [key]: encode(pair.key) };
}

function parsePair(data: Readonly<Record<string, unknown>>, keys: PairKeys): KeyPair | undefined {
  const cert = decode(data[keys[0]]);
  const key = decode(data[keys[1]]);
  if (!key.includes('PRIVATE KEY') || parseCertificate(cert) === undefined) return undefined;
  return { cert, key };
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function decode(value: unknown): string {
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
}
