import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '../../graph/plan/plan.ts';
import { ClientPool } from './client-pool.ts';
import { testPlan } from '../testing/plans.ts';

/** A pool that notes the hosts that it opens and closes a client for. */
function openPool() {
  const events: string[] = [];
  const pool = new ClientPool((edge, host) => {
    const name = edge.via === 'egress' ? host : `${edge.host}:${edge.port}`;
    events.push(`open ${name}`);
    return {
      headerForm: 'http1',
      call: () => ({ cancel: () => {} }),
      close: () => events.push(`close ${name}`),
    };
  });
  return { pool, events };
}

const plan = (port: number): Plan => testPlan({ name: 'M', type: 'MODEL', httpPort: port });

function clientsOf(pool: ClientPool, of: Plan) {
  const lease = pool.lease(of);
  return { lease, clients: of.edges.map((edge) => lease.clientFor(edge)) };
}

test('programs share the client of an address until the last of them closes it', () => {
  const { pool, events } = openPool();
  const one = clientsOf(pool, plan(9000));
  const two = clientsOf(pool, plan(9000));
  assert.deepEqual(events, ['open 127.0.0.1:9000']);
  one.clients[0]?.close();
  one.clients[0]?.close();
  assert.equal(pool.size, 1);
  two.clients[0]?.close();
  assert.deepEqual(events, ['open 127.0.0.1:9000', 'close 127.0.0.1:9000']);
});

test('another address is another client, and what a lease holds can be given back at once', () => {
  const { pool, events } = openPool();
  clientsOf(pool, plan(9000));
  clientsOf(pool, plan(9001)).lease.release();
  assert.deepEqual(events, ['open 127.0.0.1:9000', 'open 127.0.0.1:9001', 'close 127.0.0.1:9001']);
});

test("over egress the unit's name is the address", () => {
  const { pool, events } = openPool();
  const direct = plan(9000);
  const edges = direct.edges.map((edge) => ({ ...edge, via: 'egress' }) as const);
  clientsOf(pool, { ...direct, edges });
  assert.deepEqual(events, ['open m.p.rest.sidegraph']);
});
