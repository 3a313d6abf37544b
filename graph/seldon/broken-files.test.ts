// Each file of testdata/broken has one fault; its first line names the code that must be found. Nothing may throw.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FINDINGS } from '../manifest/finding-codes.ts';
import { loadDeployments } from './load-deployments.ts';

const DIR = new URL('./testdata/broken/', import.meta.url);
const FILES = readdirSync(DIR).filter((file) => file.endsWith('.yaml'));

/** Faults of a whole file or document have no place in it. */
const WITHOUT_PATH = new Set<string>([
  'YAML_SYNTAX',
  'TEMPLATE_MARK',
  'DOCUMENT_TOO_DEEP',
  'DOCUMENT_TOO_LARGE',
  'DOCUMENT_NOT_OBJECT',
  'NO_DEPLOYMENT',
]);

test('there are at least 40 broken files, each of a different fault or shape', () => {
  assert.ok(FILES.length >= 40, `${FILES.length} files`);
});

for (const file of FILES) {
  test(`${file} is refused with its code, its path and advice`, () => {
    const text = readFileSync(new URL(file, DIR), 'utf8');
    const expected = /^# expect (\w+)\n/.exec(text)?.[1];
    assert.ok(expected !== undefined && expected in FINDINGS, 'the first line names a known code');
    const { findings } = loadDeployments(text, { source: file });
    const found = findings.filter((finding) => finding.severity === 'error');
    const codes = found.map((finding) => finding.code);
    assert.ok(
      found.some((finding) => finding.code === expected),
      `found ${codes.join(', ')}`,
    );
    for (const { code, path, message, advice } of findings) {
      assert.ok(message.length > 0 && advice.length > 0);
      assert.ok(path !== '' || WITHOUT_PATH.has(code), `${code} has no path`);
    }
    const told = findings.map(({ message, advice }) => `${message}\n${advice}`).join('\n');
    assert.doesNotMatch(told, /^\s+at .*:\d+:\d+\)?$/m);
  });
}

test('every fault but the first deployment of a pair keeps the file from being served', () => {
  for (const file of FILES) {
    const text = readFileSync(new URL(file, DIR), 'utf8');
    const { deployments } = loadDeployments(text, { source: file });
    assert.equal(deployments.length, file === 'deployment-twice.yaml' ? 1 : 0, file);
  }
});

test('the broken files name each code of an error that a small file can have', () => {
  const named = new Set(
    FILES.map((file) => /expect (\w+)/.exec(readFileSync(new URL(file, DIR), 'utf8'))?.[1]),
  );
  const large = [
    'MANIFEST_TOO_LARGE',
    'DOCUMENTS_TOO_MANY',
    'PREDICTORS_TOO_MANY',
    'CONTAINERS_TOO_MANY',
    'READER_FAILED',
  ];
  // Only a process of the cluster knows what others hold and ask for.
  const clusters = ['NAME_TAKEN', 'READER_TOO_SLOW', 'READER_BUSY', 'SIDECAR_PORT'];
  const missing = Object.entries(FINDINGS)
    .filter(
      ([code, { severity }]) => severity === 'error' && ![...large, ...clusters].includes(code),
    )
    .map(([code]) => code)
    .filter((code) => !named.has(code));
  assert.deepEqual(missing, []);
});
