// A built-in is in two tables: what it is (graph/built-ins) and how it chooses (extproc/policies). They name the same.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { POLICIES } from '../extproc/policies/table.ts';
import { BUILT_INS } from '../graph/built-ins/table.ts';

const CRD_PAGE = readFileSync(new URL('../docs/crd.md', import.meta.url), 'utf8');

test('every built-in that chooses has a policy, and every policy a built-in', () => {
  const choosing = Object.values(BUILT_INS).filter((row) => row.policy !== undefined);
  assert.deepEqual(choosing.map((row) => row.name).sort(), Object.keys(POLICIES).sort());
});

test('every built-in is found by its name, does something, and is documented', () => {
  for (const [name, row] of Object.entries(BUILT_INS)) {
    assert.equal(row.name, name);
    assert.ok(row.input ?? row.merge ?? row.policy, `${name} does nothing`);
    assert.ok(CRD_PAGE.includes(name), `docs/crd.md does not name ${name}`);
  }
});
