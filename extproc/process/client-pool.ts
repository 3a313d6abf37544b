// One client for each way to a unit, shared by all programs that go that way: a swap of plans keeps the connections
// of what did not change. A client is closed when the last program that uses it is.
import { unitNameOf } from '../../graph/plan/queries.ts';
import { egressHost } from '../../graph/plan/names.ts';
import type { Edge, Plan } from '../../graph/plan/plan.ts';
import { decorateClient, type UnitClient } from '../contract/calls.ts';

/** Makes the client of an edge; `host` is the unit's name on the egress listener. */
export type OpenClient = (edge: Edge, host: string) => UnitClient;

interface Shared {
  readonly client: UnitClient;
  users: number;
}

export class ClientPool {
  readonly #open: OpenClient;
  readonly #shared = new Map<string, Shared>();

  constructor(open: OpenClient) {
    this.#open = open;
  }

  get size(): number {
    return this.#shared.size;
  }

  /**
   * The clients of one plan's program. What `clientFor` answers is the program's own to close; `release` closes all
   * that it was given, for a program that was not finished.
   */
  lease(plan: Plan): { clientFor(edge: Edge): UnitClient; release(): void } {
    const held = new Set<UnitClient>();
    return {
      clientFor: (edge) => {
        const host = egressHost(plan.predictor, unitNameOf(plan, edge.unit), edge.transport);
        const key = clientKey(edge, host);
        const shared = this.#shared.get(key) ?? { client: this.#open(edge, host), users: 0 };
        this.#shared.set(key, shared);
        shared.users++;
        const leased = decorateClient(shared.client, {
          close: () => {
            if (held.delete(leased)) this.#leave(key);
          },
        });
        held.add(leased);
        return leased;
      },
      release: () => {
        for (const leased of held) leased.close();
      },
    };
  }

  #leave(key: string): void {
    const shared = this.#shared.get(key);
    if (shared === undefined) return;
    shared.users--;
    if (shared.users > 0) return;
    this.#shared.delete(key);
    shared.client.close();
  }
}

function clientKey(edge: Edge, host: string): string {
  return edge.via === 'egress'
    ? `egress ${edge.transport} ${host}`
    : `direct ${edge.transport} ${edge.host}:${edge.port}`;
}
