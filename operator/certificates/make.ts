// Makes the authority and the server's certificate: elliptic keys (P-256), the authority for ten years, the certificate
// for ninety days. Everything is PEM text. The library is loaded where one is to be made,
// which a replica with a valid one never has to.

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Lifetimes {
  readonly caMs: number;
  readonly leafMs: number;
}

const DAY_MS = 86_400_000;

export const LIFETIMES: Lifetimes = { caMs: 3650 * DAY_MS, leafMs: 90 * DAY_MS };

/** Clocks of a cluster differ a little: a certificate counts from before it was made. */
const BACKDATE_MS = 5 * 60_000;

export async function makeAuthority(nowMs: number, lifetimes: Lifetimes): Promise<KeyPair> {
  // The name tells one authority from the next in a bundle of both.
  const name = `sidegraph-admission-ca-${Math.floor(nowMs / 1000)}`;
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    ...validity(nowMs, lifetimes.caMs),
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** `hosts`: DNS names and IP addresses by which the API server calls us; the first is the common name. */
export async function makeLeaf(
  ca: KeyPair,
  hosts: readonly string[],
  nowMs: number,
  lifetimes: Lifetimes,
): Promise<KeyPair> {
  const { generate } = await import('selfsigned');
  const made = await generate(
    [{ name: 'commonName', value: (hosts[0] ?? 'admission').slice(0, 64) }],
    {
      keyType: 'ec',
      curve: 'P-256',
      algorithm: 'sha256',
      ...validity(nowMs, lifetimes.leafMs),
      ca,
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: hosts.map((host) =>
            /^[\d.]+$|:/.test(host) ? { type: 7, ip: host } : { type: 2, value: host },
          ),
        },
      ],
    },
  );
  return { cert: made.cert, key: made.private };
}

function validity(nowMs: number, lifeMs: number): { notBeforeDate: Date; notAfterDate: Date } {
  return {
    notBeforeDate: new Date(nowMs - Math.min(BACKDATE_MS, lifeMs)),
    notAfterDate: new Date(nowMs + lifeMs),
  };
}
