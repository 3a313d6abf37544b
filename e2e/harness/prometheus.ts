// A real Prometheus (Debian's package) on a free port: it scrapes what it is told, and is asked over its HTTP API. promtool's word on
// a page of metrics too.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.ts';

const START_TIMEOUT_MS = 30_000;

export interface Target {
  /** Of the loopback address. */
  readonly port: number;
  /** `/metrics` where it is not said. */
  readonly path?: string;
  /** Given to every series of the page, as a PodMonitor gives `pod` and `namespace`. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Unix time in seconds, value: one pair of an instant query, one for each step of a range. */
  readonly values: readonly (readonly [number, number])[];
}

export interface TimeRange {
  readonly startS: number;
  readonly endS: number;
  readonly stepS: number;
}

export interface Prometheus {
  /** An instant query, now. Fails with what Prometheus says of an expression that is wrong. */
  query(expr: string): Promise<readonly Series[]>;
  queryRange(expr: string, range: TimeRange): Promise<readonly Series[]>;
  stop(): Promise<void>;
}

/** For `test(…, { skip: … })`: why there is none, or false. */
export function whyNoPrometheus(): string | false {
  const isMissing = ['prometheus', 'promtool'].some(
    (program) => spawnSync(program, ['--version']).status !== 0,
  );
  return isMissing
    ? 'Prometheus is not installed (Debian, Ubuntu: apt-get install prometheus)'
    : false;
}

/** A rule as the Prometheus operator's PodMonitors have it. */
export interface Relabeling {
  readonly sourceLabels: readonly string[];
  readonly regex: string;
  readonly targetLabel: string;
  readonly replacement?: string;
}

export interface PrometheusOptions {
  /** As Prometheus writes times: `1s`. */
  readonly scrapeEvery: string;
  /** Files of rules. */
  readonly rules?: readonly string[];
  /** Applied to every series that is scraped. */
  readonly relabelings?: readonly Relabeling[];
}

/** Resolves when it is ready. */
export async function startPrometheus(
  targets: readonly Target[],
  { scrapeEvery, rules = [], relabelings = [] }: PrometheusOptions,
): Promise<Prometheus> {
  const dir = mkdtempSync(join(tmpdir(), 'sidegraph-prometheus-'));
  const port = await freePort();
  const config = {
    global: { scrape_interval: scrapeEvery },
    rule_files: rules,
    scrape_configs: targets.map((target, index) => ({
      job_name: `target-${index}`,
      metrics_path: target.path ?? '/metrics',
      metric_relabel_configs: relabelings.map(({ sourceLabels, targetLabel, ...rule }) => ({
        source_labels: sourceLabels,
        target_label: targetLabel,
        ...rule,
      })),
      static_configs: [{ targets: [`127.0.0.1:${target.port}`], labels: target.labels }],
    })),
  };
  const file = join(dir, 'prometheus.yml');
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${dir}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    }
    rmSync(dir, { recursive: true, force: true });
  };
  const endMs = performance.now() + START_TIMEOUT_MS;
  while (!(await isReady(url))) {
    if (child.exitCode !== null || performance.now() > endMs) {
      await stop();
      throw new Error(`Prometheus is not ready after ${START_TIMEOUT_MS / 1000} s`);
    }
    await sleep(50);
  }
  return {
    query: (expr) => call(url, 'query', { query: expr }),
    queryRange: (expr, { startS, endS, stepS }) =>
      call(url, 'query_range', {
        query: expr,
        start: String(startS),
        end: String(endS),
        step: String(stepS),
      }),
    stop,
  };
}

/** What `promtool check metrics` has to say of a page, a line each. */
export function lintMetrics(page: string): readonly string[] {
  const options = { input: page, encoding: 'utf8' } as const;
  const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], options);
  return `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`)).ok;
  } catch {
    return false;
  }
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value?: readonly [number, string];
      readonly values?: readonly (readonly [number, string])[];
    }[];
  };
}

async function call(
  url: string,
  path: string,
  parameters: Readonly<Record<string, string>>,
): Promise<readonly Series[]> {
  const body = new URLSearchParams(parameters);
  const response = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body });
  const answer = (await response.json()) as Answer;
  assert.equal(answer.status, 'success', `${parameters['query']}: ${answer.error}`);
  return answer.data.result.map(
    ({ metric, value, values = value === undefined ? [] : [value] }) => ({
      labels: metric,
      values: values.map(([time, text]) => [time, Number(text)] as const),
    }),
  );
}
