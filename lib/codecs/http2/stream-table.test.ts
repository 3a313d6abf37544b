import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cpuMs } from '../../../testing/cpu-time.ts';
import { StreamTable } from './stream-table.ts';

/** Small ids meet often, those a multiple of 64 apart share a place. */
const ids = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map((n) => 2 * n + 1),
  fc.integer({ min: 0, max: 30 }).map((n) => 64 * n + 1),
  fc.integer({ min: 0, max: 2 ** 30 - 1 }).map((n) => 2 * n + 1),
);
const commands = fc.array(fc.tuple(fc.constantFrom('add', 'add', 'delete'), ids), {
  maxLength: 300,
});

describe('the table of a connection’s streams', () => {
  test('finds what a Map would', () => {
    fc.assert(
      fc.property(commands, (steps) => {
        const table = new StreamTable<{ readonly id: number }>();
        const map = new Map<number, { readonly id: number }>();
        for (const [what, id] of steps) {
          if (what === 'delete') assert.equal(table.delete(id), map.delete(id));
          else if (!map.has(id)) {
            const stream = { id };
            table.add(stream);
            map.set(id, stream);
          }
          assert.equal(table.size, map.size);
          for (const other of [...map.keys(), id]) assert.equal(table.get(other), map.get(other));
        }
        const byId = (a: { id: number }, b: { id: number }): number => a.id - b.id;
        assert.deepEqual(table.all().toSorted(byId), [...map.values()].toSorted(byId));
      }),
    );
  });

  test('its list is of one moment, and a cleared table is empty', () => {
    const table = new StreamTable<{ readonly id: number }>();
    for (let id = 1; id < 200; id += 2) table.add({ id });
    let seen = 0;
    for (const { id } of table.all()) {
      assert.ok(table.delete(id));
      seen++;
    }
    assert.equal(seen, 100);
    assert.equal(table.size, 0);
    table.add({ id: 201 });
    table.clear();
    assert.equal(table.size, 0);
    assert.equal(table.get(201), undefined);
  });

  test('a stream leaves a table of many as fast as one of few', () => {
    const open = 30_000;
    const table = new StreamTable<{ readonly id: number }>();
    for (let id = 1; id < 2 * open; id += 2) table.add({ id });
    const took = cpuMs(() => {
      for (let id = 1; id < 2 * open; id += 2) {
        table.add({ id: id + 2 * open });
        assert.ok(table.delete(id));
      }
    });
    assert.equal(table.size, open);
    // Measured: 15 ms, and 900 where ids that follow each other lie side by side.
    assert.ok(took < 300, `${took} ms`);
  });
});
