// What a cell of the bench is to reach, printed beside what it did. Ratios are of CPU, to a bare Envoy route with as many
// workers and no logs, at 16 connections; chains of V2 are held against those of Seldon's protocol under the same load.
import type { Load } from './measure.ts';

export type Goal =
  | { readonly kind: 'ratio'; readonly most: number }
  /** CPU as a multiple of that of a chain in Seldon's protocol. */
  | { readonly kind: 'of-chain'; readonly most: number }
  /** Share of the bare route's requests a second. */
  | { readonly kind: 'throughput'; readonly least: number };

const CONNECTIONS = 16;

const REST_100: Readonly<Record<string, number>> = {
  single: 1.25,
  chain: 2.8,
  router: 3.2,
  combiner: 3.6,
};
const REST_10_000: Readonly<Record<string, number>> = { chain: 4 };
/** The share that Seldon's executor reaches with its chain: 8,149 of 17,889 requests a second. */
const GRPC_CHAIN_SHARE = 8149 / 17_889;

const OF_CHAIN = 1.3;

/** The goal of a graph under a load; null where there is none. */
export function goalOf(graph: string, load: Load): Goal | null {
  if (load.connections !== CONNECTIONS) return null;
  if (graph.startsWith('chain-v2')) return { kind: 'of-chain', most: OF_CHAIN };
  if (load.transport === 'grpc')
    return graph === 'chain' ? { kind: 'throughput', least: GRPC_CHAIN_SHARE } : null;
  const most = load.bodyBytes <= 100 ? REST_100[graph] : REST_10_000[graph];
  if (most === undefined || load.bodyBytes > 10_000) return null;
  return { kind: 'ratio', most };
}

/** Of the memory of all that serves a graph, alone on its machine: bytes of PSS. */
export const MEMORY_GOALS: Readonly<Record<string, number>> = { single: 85e6, chain: 110e6 };
