// Certificates as made, kept in a Secret, and led from one authority to the next, without an API server.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { listTrusted, renderCaBundle } from './ca-bundle.ts';
import { LIFETIMES, makeAuthority, makeLeaf } from './make.ts';
import type { Material } from './material.ts';
import {
  fingerprint,
  parseCertificate,
  parseSecret,
  renderSecret,
  trustedBundle,
} from './material.ts';
import { checkTimes, nextStep, ROTATION_TIMES } from './rotation.ts';
import type { Seen } from './rotation.ts';
import { dropOldSeen, parseSeen, renderSeen, seenKey } from './seen.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const HOSTS = ['sidegraph-admission.sidegraph.svc', '127.0.0.1'];
const META = { name: 's', namespace: 'n' };

async function make(nowMs: number): Promise<Material> {
  const ca = await makeAuthority(nowMs, LIFETIMES);
  const leaf = await makeLeaf(ca, HOSTS, nowMs, LIFETIMES);
  return { ca, leaf, next: undefined, previousCa: undefined, stageMs: nowMs };
}

describe('certificates', () => {
  let first: Material;
  let second: Material;
  before(async () => {
    first = await make(START);
    second = await make(START + 7 * 365 * DAY_MS);
  });

  function step(
    material: Material,
    nowMs: number,
    seen: readonly Seen[] = [],
    hosts = HOSTS,
  ): string {
    return nextStep({ material, hosts, seen, nowMs, times: ROTATION_TIMES }).kind;
  }

  function sees(
    replica: string,
    nowMs: number,
    leaf: string,
    ...authorities: readonly string[]
  ): Seen {
    const trusts = authorities.map((pem) => fingerprint(pem));
    return { replica, serves: fingerprint(leaf), trusts, atMs: nowMs - 1000 };
  }

  test('the leaf is signed by the authority, good for its hosts, and no authority itself', () => {
    const leaf = parseCertificate(first.leaf.cert);
    const ca = parseCertificate(first.ca.cert);
    assert.ok(leaf !== undefined && ca !== undefined);
    assert.ok(leaf.verify(ca.publicKey));
    assert.equal(leaf.checkHost(HOSTS[0] ?? ''), HOSTS[0]);
    assert.equal(leaf.checkIP('127.0.0.1'), '127.0.0.1');
    assert.deepEqual([leaf.ca, ca.ca], [false, true]);
    assert.equal(leaf.publicKey.asymmetricKeyType, 'ec');
    const days = (Date.parse(leaf.validTo) - START) / DAY_MS;
    assert.equal(Math.round(days), 90);
  });

  test('what a Secret holds is read back; a damaged one is not', () => {
    const material = {
      ...first,
      next: { ca: second.ca, leaf: second.leaf },
      previousCa: second.ca.cert,
    };
    const secret = renderSecret(material, META);
    assert.deepEqual(parseSecret(secret), material);
    const data = secret['data'] as Record<string, string>;
    const foreign = Buffer.from(second.ca.cert).toString('base64');
    assert.equal(parseSecret({ ...secret, data: { ...data, 'ca.crt': foreign } }), undefined);
    assert.equal(parseSecret({ ...secret, data: { ...data, 'tls.key': '' } }), undefined);
    assert.equal(parseSecret({ ...secret, data: {} }), undefined);
  });

  test('the leaf is renewed after two thirds of its life, or when it is not good for a host', () => {
    assert.equal(step(first, START + 59 * DAY_MS), 'none');
    assert.equal(step(first, START + 61 * DAY_MS), 'renew-leaf');
    assert.equal(step(first, START + DAY_MS, [], [...HOSTS, 'other.svc']), 'renew-leaf');
  });

  test('a new authority is staged, trusted, served, and only then the old one dropped', () => {
    const nowMs = START + 7 * 365 * DAY_MS;
    assert.equal(step(first, nowMs), 'stage-next');

    const staged: Material = {
      ...first,
      next: { ca: second.ca, leaf: second.leaf },
      stageMs: nowMs,
    };
    const bundle = trustedBundle(staged);
    assert.ok(bundle.includes(first.ca.cert.trim()) && bundle.includes(second.ca.cert.trim()));
    const soon = nowMs + ROTATION_TIMES.settleMs;
    const both = [first.ca.cert, second.ca.cert];
    const a = sees('a', soon, first.leaf.cert, ...both);
    const b = sees('b', soon, first.leaf.cert, ...both);
    const behind = sees('b', soon, first.leaf.cert, first.ca.cert);
    assert.equal(step(staged, nowMs + 1000, [sees('a', nowMs, first.leaf.cert, ...both)]), 'none');
    assert.equal(step(staged, soon, []), 'none');
    assert.equal(step(staged, soon, [a, behind]), 'none');
    assert.equal(step(staged, soon, [a, b]), 'serve-next');
    const gone = { ...behind, atMs: soon - ROTATION_TIMES.seenForMs };
    assert.equal(step(staged, soon, [a, gone]), 'serve-next');

    const served: Material = { ...second, previousCa: first.ca.cert, stageMs: soon };
    assert.ok(trustedBundle(served).includes(first.ca.cert.trim()));
    const later = soon + ROTATION_TIMES.keepPreviousMs;
    const c = sees('a', later, second.leaf.cert, ...both);
    const old = sees('b', later, first.leaf.cert, ...both);
    assert.equal(step(served, soon + 1000, [sees('a', soon + 1000, second.leaf.cert)]), 'none');
    assert.equal(step(served, later, [c, old]), 'none');
    assert.equal(step(served, later, [c]), 'drop-previous');
    assert.equal(step({ ...served, previousCa: undefined }, later), 'none');
  });

  test('what a replica has seen is written and read back; the replicas that are gone are dropped', () => {
    const mine: Seen = { replica: 'pod-1', serves: 'abc', trusts: ['x', 'y'], atMs: START };
    const secret = {
      ...renderSecret(first, META),
      metadata: { ...META, annotations: { [seenKey('pod-1')]: renderSeen(mine), other: 'x' } },
    };
    assert.deepEqual(parseSeen(secret), [mine]);
    assert.deepEqual(dropOldSeen(secret, START), {});
    assert.deepEqual(dropOldSeen(secret, START + 1), { [seenKey('pod-1')]: null });
  });

  test('the caBundle is applied to every webhook by name, and not at all where it is already', () => {
    const live = (caBundle: string) => ({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'sidegraph' },
      webhooks: ['a', 'b'].map((name) => ({ name, clientConfig: { url: 'https://x', caBundle } })),
    });
    const bundle = trustedBundle(first);
    const encoded = Buffer.from(bundle).toString('base64');
    assert.deepEqual(renderCaBundle(live(''), bundle), {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'sidegraph' },
      webhooks: ['a', 'b'].map((name) => ({ name, clientConfig: { caBundle: encoded } })),
    });
    assert.equal(renderCaBundle(live(encoded), bundle), undefined);
    assert.deepEqual(listTrusted([live(encoded)]), [fingerprint(first.ca.cert)]);
    assert.deepEqual(listTrusted([live(encoded), live('')]), []);
  });

  test('lifetimes too short for a rotation are refused', () => {
    assert.equal(checkTimes(LIFETIMES, ROTATION_TIMES), undefined);
    assert.notEqual(checkTimes({ caMs: 60_000, leafMs: 60_000 }, ROTATION_TIMES), undefined);
  });
});
