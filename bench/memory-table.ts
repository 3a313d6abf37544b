// What the sidecars of a pod hold, as a table: alone on the machine, where every page of the binaries is theirs, and as one pod of
// three, as on a node where gateway, operator and other pods use the same images.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MEMORY_GOALS } from './goals.ts';
import type { BenchGraph } from './graphs.ts';
import { measurePod, type PodMemory } from './pod-memory.ts';

const LOAD_MS = 2000;
const PODS = [1, 3];

/** Markdown: a row for each graph that has a goal and each number of pods, after two seconds of requests. */
export async function memoryTable(
  graphs: readonly BenchGraph[],
  envoyBin: string,
): Promise<string> {
  const lines: string[] = [];
  // Code that was not compiled before makes a process larger; an image comes with all of it compiled.
  await measureOnce(graphs[0], envoyBin, 1, 0);
  for (const { name, title, manifest } of graphs) {
    const goal = MEMORY_GOALS[name];
    if (goal === undefined) continue;
    for (const pods of PODS) {
      const memory = await measureOnce({ manifest }, envoyBin, pods, LOAD_MS);
      if (memory !== undefined)
        lines.push(row(`${title}, ${pods === 1 ? 'alone' : `one of ${pods} pods`}`, memory, goal));
    }
  }
  if (lines.length === 0) return '';
  return [
    '### Memory of a pod: the agent, its worker and Envoy, MB',
    '',
    '| | PSS agent | worker | Envoy | together | goal | not shared with anybody | cgroup |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

async function measureOnce(
  graph: Pick<BenchGraph, 'manifest'> | undefined,
  envoyBin: string,
  pods: number,
  loadMs: number,
): Promise<PodMemory | undefined> {
  if (graph === undefined) return undefined;
  const dir = mkdtempSync(path.join(os.tmpdir(), 'sgm-'));
  try {
    return await measurePod({ manifest: graph.manifest, envoyBin, dir, pods, loadMs });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function row(title: string, memory: PodMemory, goal: number): string {
  const { agentBytes, filterBytes, envoyBytes, anonymousBytes, cgroupBytes } = memory;
  const all = agentBytes + filterBytes + envoyBytes;
  const cells = [
    title,
    mb(agentBytes),
    filterBytes === 0 ? '–' : mb(filterBytes),
    mb(envoyBytes),
    mb(all),
    `≤ ${mb(goal)}: ${all <= goal ? 'met' : 'missed'}`,
    mb(anonymousBytes),
    cgroupBytes === undefined ? '–' : mb(cgroupBytes),
  ];
  return `| ${cells.join(' | ')} |`;
}

function mb(bytes: number): string {
  return String(Math.round(bytes / 1e6));
}
