// Holds what a protocol looks like to its room in dialects/: no other file of the product writes its paths, its services, its
// fields or its error bodies down.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PRODUCT = ['lib', 'graph', 'envoy', 'extproc', 'cluster', 'sidecar', 'gateway', 'operator'];

/** What would tell a protocol, by the name of its room. */
const MARKS: readonly { readonly mark: RegExp; readonly what: string }[] = [
  { mark: /\/api\/v[01]\.[01]\b/, what: 'a path of Seldon' },
  {
    mark: /'\/(predict|transform-(in|out)put|aggregate|route|send-feedback|health\/status)'/,
    what: 'a path of a Seldon unit',
  },
  { mark: /seldon\.protos/, what: 'a service of Seldon' },
  { mark: /status: 'FAILURE'|"FAILURE"/, what: "Seldon's error body" },
  { mark: /\/v2\/(models|health|docs)|\/v1\/models/, what: 'a path of V2 or TensorFlow' },
  {
    mark: /GRPCInferenceService|tensorflow\.serving|PredictionService/,
    what: 'a service of V2 or TensorFlow',
  },
  { mark: /\/v1\/(chat|completions|embeddings|responses)/, what: 'a path of OpenAI' },
  { mark: /inference-header-content-length/, what: 'a header of V2' },
  { mark: /\b(ndarray|tftensor|binData|strData|jsonData)\b/, what: 'a field of a SeldonMessage' },
];

/** Places that name a protocol to people, or that are older than it. */
const EXCEPT: ReadonlySet<string> = new Set([
  // The packages of our own proto files, for reflection.
  'extproc/control/file-descriptors.ts',
  // Advice and examples for people.
  'graph/plan/errors.ts',
  'cli/commands.ts',
]);

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!/^(node_modules|testing|testdata)$/.test(entry.name)) yield* sources(path);
    } else if (entry.name.endsWith('.ts') && !/\.(test|bench)\.ts$/.test(entry.name)) {
      yield path;
    }
  }
}

/** Lines of code alone: comments may give examples. */
function codeLines(path: string): string[] {
  return readFileSync(join(ROOT, path), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !/^(\/\/|\/?\*)/.test(line));
}

test('a protocol is known in its room alone', () => {
  const wrong: string[] = [];
  for (const folder of [...PRODUCT, 'cli']) {
    for (const path of sources(folder)) {
      if (EXCEPT.has(path)) continue;
      for (const line of codeLines(path)) {
        for (const { mark, what } of MARKS) {
          if (mark.test(line)) wrong.push(`${relative('.', path)} has ${what}: ${line}`);
        }
      }
    }
  }
  assert.deepEqual(wrong, []);
});
