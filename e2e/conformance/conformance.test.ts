// The recorded responses of the real Seldon executor, replayed against `sidegraph run`. The recordings and their
// player are not part of this tree; SIDEGRAPH_CASES names their folder (default: `../shared/cases` beside the checkout), without it the test is skipped.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { freePortRun } from '../harness/ports.ts';
import { DIFFERENCES } from './differences.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const CASES = process.env['SIDEGRAPH_CASES'] ?? path.join(ROOT, '..', 'shared', 'cases');

interface Recorded {
  readonly id: string;
  readonly protocol?: string;
  readonly copy?: boolean;
}

function recordedCases(file: string): Recorded[] {
  const document = JSON.parse(readFileSync(path.join(CASES, file), 'utf8')) as {
    cases: Recorded[];
  };
  return document.cases;
}

/** Runs the player over the cases; what did not agree, by id. */
async function replay(cases: readonly Recorded[]): Promise<Map<string, string>> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'sgc-'));
  const file = path.join(dir, 'cases.json');
  writeFileSync(file, JSON.stringify({ cases }));
  // The player uses runs of ports from these on: stubs at +0…+80, the server at +90.
  const base = await freePortRun();
  const args = [
    path.join(CASES, 'replay.mjs'),
    'verify',
    '--lenient',
    '--quiet',
    '--cases',
    file,
    '--stub-port',
    String(base),
    '--http-port',
    String(base + 90),
    '--grpc-port',
    String(base + 91),
    '--ready-re',
    '^ready ',
    '--start-cmd',
    `${path.join(ROOT, 'bin/sidegraph')} run {graph} --port {http_port} --grpc-port {grpc_port} --state-dir ${dir}/s`,
  ];
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 64 << 20 }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
  rmSync(dir, { recursive: true, force: true });
  assert.match(output, /verify: \d+ ok/, output.slice(-2000));
  const failed = new Map<string, string>();
  for (const line of output.split('\n')) {
    const match = /^(?:FAIL|ERR) (\S+)(.*)$/.exec(line);
    if (match !== null) failed.set(match[1] ?? '', match[2] ?? '');
  }
  return failed;
}

describe('the recorded cases of the Seldon executor', {
  skip: !existsSync(CASES) && `no recordings at ${CASES}`,
}, () => {
  test('agree, but for the listed differences', async () => {
    const cases = [...recordedCases('seldon-rest.json'), ...recordedCases('seldon-grpc.json')];
    const failed = await replay(cases);
    const unexpected = [...failed].filter(([id]) => DIFFERENCES[id] === undefined);
    assert.deepEqual(unexpected, []);
    const agreed = Object.keys(DIFFERENCES).filter(
      (id) => !failed.has(id) && cases.some((each) => each.id === id),
    );
    assert.deepEqual(agreed, [], 'these agree now: take them off the list');
  });

  test('what nobody should copy is answered sensibly: never a cut connection, never a dead server', async () => {
    const odd = [...recordedCases('seldon-rest.json'), ...recordedCases('seldon-grpc.json')]
      .filter((each) => each.copy === false)
      // Without an expectation the player only asks whether the server lives and answers.
      .map(({ copy: _copy, ...each }) => ({ ...each, expect: { serverDied: false } }));
    assert.ok(odd.length > 0);
    assert.deepEqual([...(await replay(odd))], []);
  });
});
