// A mounted certificate on real files: what is there is served, what replaces it too, and a broken moment changes nothing.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import type { KeyPair } from './make.ts';
import { MountedCertificate } from './mounted.ts';

test('the files of a Secret are served, and taken over when they change', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sidegraph-cert-'));
  const stop = new AbortController();
  t.after(() => rmSync(dir, { recursive: true }));
  const write = (name: string): void => {
    writeFileSync(join(dir, 'tls.crt'), `cert ${name}`);
    writeFileSync(join(dir, 'tls.key'), `key ${name}`);
  };
  const mounted = new MountedCertificate(dir, SILENT_LOG, 5);
  await assert.rejects(mounted.load());
  assert.equal(mounted.hasSynced, false);
  write('one');
  assert.deepEqual(await mounted.load(), { cert: 'cert one', key: 'key one' });
  const served: KeyPair[] = [];
  const running = mounted.run(stop.signal, (leaf) => {
    // As a TLS server does with a pair that does not fit.
    if (leaf.cert.slice(5) !== leaf.key.slice(4)) throw new Error('key values mismatch');
    served.push(leaf);
  });
  await delay(30);
  assert.deepEqual(served, []);
  writeFileSync(join(dir, 'tls.crt'), 'cert two');
  await delay(30);
  assert.deepEqual(served, []);
  writeFileSync(join(dir, 'tls.key'), 'key two');
  for (let tries = 0; served.length === 0 && tries < 200; tries += 1) await delay(5);
  assert.deepEqual(served, [{ cert: 'cert two', key: 'key two' }]);
  stop.abort();
  await running;
});
