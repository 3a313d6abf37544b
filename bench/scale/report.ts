// The numbers of one measurement, and the table that people read.

export interface ScaleReport {
  readonly date: string;
  readonly deployments: number;
  readonly pods: number;
  /** From the first create until all are Available, s; the creates alone; until the operator's last reconcile. */
  readonly availableSeconds: number;
  readonly createSeconds: number;
  readonly settledSeconds: number;
  readonly operator: {
    readonly startMb: number;
    readonly peakMb: number;
    readonly settledMb: number;
    readonly idleMb: number;
    /** Until the operator's last reconcile. */
    readonly cpuSeconds: number;
    /** Of one core, with nothing to do. */
    readonly idleCpuPercent: number;
    readonly reconciles: number;
    readonly errors: number;
    readonly requests: Readonly<Record<string, number>>;
    /** PATCH, POST, PUT and DELETE per deployment, status, events and Lease among them. */
    readonly writesPerDeployment: number;
    readonly reconcilesPerDeployment: number;
  };
  readonly idle: {
    readonly seconds: number;
    readonly reconciles: number;
    readonly requests: Readonly<Record<string, number>>;
  };
  readonly weights: {
    readonly changes: number;
    readonly p50Ms: number;
    readonly maxMs: number;
    /** From the patch's sending on. */
    readonly wholeP50Ms: number;
    readonly wholeMaxMs: number;
    readonly requests: number;
    readonly failed: number;
    readonly firstFailures: readonly string[];
  };
  readonly gateway: {
    readonly agentMb: number;
    readonly agentCpuSeconds: number;
    readonly envoyMb: number;
    readonly envoyCpuSeconds: number;
  };
  /** A new operator that finds all as it should be. */
  readonly restart: {
    readonly readySeconds: number;
    readonly settledSeconds: number;
    readonly cpuSeconds: number;
    readonly peakMb: number;
    readonly idleMb: number;
    readonly reconciles: number;
    readonly requests: Readonly<Record<string, number>>;
  };
  /** Resident memory of the others at the end, MB. */
  readonly othersMb: Readonly<Record<string, number>>;
  /** Operator over time: s, MB, CPU s. */
  readonly samples: readonly { at: number; rssMb: number; cpuSeconds: number }[];
}

const WRITES = ['PATCH', 'POST', 'PUT', 'DELETE'];

export function countWrites(requests: Readonly<Record<string, number>>): number {
  return WRITES.reduce((sum, method) => sum + (requests[method] ?? 0), 0);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

export function renderTable(report: ScaleReport): string {
  const { operator, idle, weights, gateway, restart } = report;
  const rows: (readonly [string, string])[] = [
    ['deployments / pods', `${report.deployments} / ${report.pods}`],
    ['all created', seconds(report.createSeconds)],
    ['all Available', seconds(report.availableSeconds)],
    ['operator settled', seconds(report.settledSeconds)],
    [
      'operator memory: start / peak / settled / idle',
      megabytes([operator.startMb, operator.peakMb, operator.settledMb, operator.idleMb]),
    ],
    ['operator CPU until settled', seconds(operator.cpuSeconds)],
    [
      'operator CPU idle',
      `${operator.idleCpuPercent.toFixed(1)} % of a core over ${idle.seconds} s`,
    ],
    ['requests while idle', methods(idle.requests)],
    [
      'reconciles (per deployment), errors',
      `${operator.reconciles} (${operator.reconcilesPerDeployment.toFixed(1)}), ${operator.errors}`,
    ],
    ['requests of the operator', methods(operator.requests)],
    ['writes per deployment', operator.writesPerDeployment.toFixed(1)],
    [
      'weights → live at the gateway, median / max',
      `${weights.p50Ms.toFixed(0)} / ${weights.maxMs.toFixed(0)} ms of ${weights.changes}`,
    ],
    [
      '  with the write itself',
      `${weights.wholeP50Ms.toFixed(0)} / ${weights.wholeMaxMs.toFixed(0)} ms`,
    ],
    ['  requests meanwhile, failed', `${weights.requests}, ${weights.failed}`],
    ['gateway: agent / Envoy memory', megabytes([gateway.agentMb, gateway.envoyMb])],
    [
      'gateway: agent / Envoy CPU in all',
      `${gateway.agentCpuSeconds.toFixed(1)} / ${gateway.envoyCpuSeconds.toFixed(1)} s`,
    ],
    [
      'new operator: ready / settled',
      `${seconds(restart.readySeconds)} / ${seconds(restart.settledSeconds)}`,
    ],
    [
      'new operator: CPU, memory peak / idle',
      `${seconds(restart.cpuSeconds)}, ${megabytes([restart.peakMb, restart.idleMb])}`,
    ],
    ['new operator: reconciles, requests', `${restart.reconciles}, ${methods(restart.requests)}`],
    ...Object.entries(report.othersMb).map(
      ([name, mb]) => [`${name} memory`, megabytes([mb])] as const,
    ),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function megabytes(values: readonly number[]): string {
  return `${values.map((value) => value.toFixed(0)).join(' / ')} MB`;
}

function methods(requests: Readonly<Record<string, number>>): string {
  const parts = Object.entries(requests).map(([method, count]) => `${method} ${count}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}
