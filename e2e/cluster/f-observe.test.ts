// The lines of docs/observe.md that lead from an empty cluster to a board with data, as they are; then every query of every board, asked as
// Grafana asks it, while two graphs are called. What cannot be pulled is stood in for: e2e/monitoring/README.md.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readCommand } from '../control-plane/read-commands.ts';
import { Grafana, type PanelQuery } from '../monitoring/grafana.ts';
import { type Repository, serveRepository } from '../monitoring/repository.ts';
import { deploy, FLOWER, pause, predictPath, uninstallChart } from './harness/cluster.ts';
import { iris, seldonDeployment } from './harness/graphs.ts';
import { helm, KUBECONFIG, kubectl, ROOT, run, until, whyNoCluster } from './harness/kubectl.ts';
import { post } from './harness/load.ts';
import { loadImages } from './manifests/stand-ins.ts';

const PAGE = new URL('../../docs/observe.md', import.meta.url);
const NAMESPACE = 'demo';
const MONITORING = 'monitoring';
const LEARNER = 'learner';
/** Where the page's lines forward the gateway and Grafana to. */
const GATEWAY = { host: '127.0.0.1', port: 8080 } as const;
const GRAFANA = 'http://127.0.0.1:3000';
const LINES_MS = 300_000;
/** Two scrapes and what a loaded machine adds. */
const DATA_MS = 180_000;

/** Panels that have no data here, and why. */
const WITHOUT_DATA: Readonly<Record<string, string>> = {
  'Working set': 'cAdvisor is not scraped',
  'GPU utilization': 'no GPU',
  'GPU memory': 'no GPU',
};

/** Learns, and goes on trying both branches, so that feedback reaches both. */
const learner = seldonDeployment(LEARNER, [
  {
    name: 'main',
    graph: {
      name: 'chooser',
      model: '',
      implementation: 'EPSILON_GREEDY',
      graphParameters: [{ name: 'epsilon', value: '0.5', type: 'FLOAT' }],
      children: [iris('logistic', 'one'), iris('bayes', 'two')],
    },
  },
]);

interface Target {
  readonly health: string;
  readonly lastError: string;
  readonly labels: { readonly job: string; readonly pod: string; readonly container: string };
  readonly scrapeUrl: string;
}

describe('from an empty cluster to a board with data', { skip: whyNoCluster() }, () => {
  const grafana = new Grafana(GRAFANA);
  const beganAt = performance.now();
  let repository: Repository;
  let lines: ChildProcess;
  let output = '';
  let isLoading = true;
  let load: Promise<void>;

  before(async () => {
    await emptyCluster();
    await loadPrograms();
    repository = await serveRepository();
    const path = [join(ROOT, '.cache/kube/bin'), process.env['PATH'] ?? ''].join(delimiter);
    // A group of its own: what the lines start in the background ends with them.
    lines = spawn('bash', ['-euo', 'pipefail', '-c', readCommand(PAGE, 'board')], {
      cwd: ROOT,
      env: { ...process.env, PATH: path, KUBECONFIG, ...repository.env },
      detached: true,
    });
    for (const stream of [lines.stdout, lines.stderr])
      stream?.on('data', (piece: Buffer) => (output += piece.toString()));
    await until(
      'the lines end with a Grafana that responds',
      async () => {
        if (lines.exitCode === null) return (await grafana.search()).length > 0;
        return 'ended' as const;
      },
      LINES_MS,
      500,
    ).catch((error: unknown) => assert.fail(`${String(error)}\n${output}`));
    assert.equal(lines.exitCode, null, output);
    await deploy(NAMESPACE, learner);
    load = callLearner();
  });
  after(async () => {
    isLoading = false;
    await load;
    if (lines?.pid !== undefined && lines.exitCode === null) {
      process.kill(-lines.pid);
      await once(lines, 'exit');
    }
    repository?.close();
    await emptyCluster();
  });

  /** Predictions, each with a reward for its puid, and now and then a path that nobody serves. */
  async function callLearner(): Promise<void> {
    for (let count = 0; isLoading; count += 1) {
      const path = predictPath(NAMESPACE, LEARNER);
      const { headers } = await post({ ...GATEWAY, path, body: FLOWER });
      const reward = count % 3 === 0 ? -0.5 : 1;
      const body = JSON.stringify({
        puid: headers['seldon-puid'],
        reward,
        request: { data: { ndarray: [[5.1, 3.5, 1.4, 0.2]] } },
      });
      await post({ ...GATEWAY, path: path.replace('predictions', 'feedback'), body });
      if (count % 10 === 0) await post({ ...GATEWAY, path: '/nobody', body });
      await pause(100);
    }
  }

  test('Grafana has the boards, in their folder', async () => {
    const boards = await grafana.search();
    const titles = ['Control plane', 'Graphs', 'Learning', 'Sidecars'];
    assert.deepEqual(
      boards.map(({ title, folderTitle }) => `${folderTitle}: ${title}`).toSorted(),
      titles.map((title) => `Sidegraph: Sidegraph / ${title}`),
    );
  });

  test('Prometheus selects the monitors, and reads every target of them', async () => {
    const read = async (): Promise<readonly Target[]> =>
      (await grafana.prometheus<{ activeTargets: Target[] }>('targets?state=active')).activeTargets;
    // The stand-in for Seldon's image counts nothing of its own, as the image does.
    const isStandIn = ({ labels }: Target): boolean =>
      labels.pod.startsWith('mock-') && /^(one|two)$/.test(labels.container);
    const wanted = [
      ...['operator', 'admission', 'agent'].flatMap((name) => [name, name]),
      ...['sidegraph-envoy', 'sidegraph-filter'].flatMap((name) => [name, name]),
      'one',
      'two',
    ].toSorted();
    await until(
      'all targets are up',
      async () => {
        const targets = (await read()).filter(
          (each) => each.labels.job.startsWith('sidegraph-system/') && !isStandIn(each),
        );
        const down = targets.filter(({ health }) => health !== 'up');
        if (down.length > 0)
          throw new Error(down.map((each) => `${each.scrapeUrl} ${each.lastError}`).join(', '));
        assert.deepEqual(targets.map(({ labels }) => labels.container).toSorted(), wanted);
        return true;
      },
      DATA_MS,
      1000,
    );
  });

  test('Prometheus evaluates the alert rules', async () => {
    const { groups } = await grafana.prometheus<{
      groups: { name: string; rules: { name: string; health: string; lastError?: string }[] }[];
    }>('rules?type=alert');
    const { rules } = groups.find(({ name }) => name === 'sidegraph') ?? assert.fail('no group');
    const text = readFileSync(join(ROOT, 'charts/sidegraph/rules/sidegraph.yaml'), 'utf8');
    assert.equal(rules.length, text.match(/- alert:/g)?.length);
    await until('all rules were evaluated', async () => {
      const now = await grafana.prometheus<{ groups: typeof groups }>('rules?type=alert');
      const mine = now.groups.find(({ name }) => name === 'sidegraph')?.rules ?? [];
      const ill = mine.filter(({ health }) => health !== 'ok');
      if (ill.length > 0) throw new Error(JSON.stringify(ill));
      return true;
    });
  });

  test('every panel has data', async () => {
    const missing = new Map<string, string>();
    await until(
      'every query gives series',
      async () => {
        missing.clear();
        const queries: PanelQuery[] = [];
        for (const { uid } of await grafana.search())
          queries.push(...(await grafana.readQueries(uid)));
        for (const { board, panel, expr } of queries)
          if (!Object.hasOwn(WITHOUT_DATA, panel) && (await grafana.countSeries(expr)) === 0)
            missing.set(`${board}: ${panel}`, expr);
        if (missing.size > 0)
          throw new Error([...missing].map(([panel, expr]) => `\n  ${panel}: ${expr}`).join(''));
        return true;
      },
      DATA_MS,
      2000,
    );
    const seconds = ((performance.now() - beganAt) / 1000).toFixed(0);
    process.stderr.write(`every panel has data ${seconds} s after the cluster was empty\n`);
  });
});

/** Without the chart and what the lines make. */
async function emptyCluster(): Promise<void> {
  if ((await helm(['list', '-n', 'sidegraph-system', '-q'])).includes('sidegraph'))
    await uninstallChart();
  if ((await helm(['list', '-n', MONITORING, '-q'])).includes(MONITORING))
    await helm(['uninstall', MONITORING, '-n', MONITORING, '--wait']);
  await kubectl(['delete', 'namespace', NAMESPACE, MONITORING, '--ignore-not-found', '--wait']);
  const kinds = await kubectl(['get', 'crd', '-o', 'name']);
  const theirs = kinds.split('\n').filter((name) => name.endsWith('.monitoring.coreos.com'));
  if (theirs.length > 0) await kubectl(['delete', ...theirs]);
}

/** The images that the lines would have pulled. */
async function loadPrograms(): Promise<void> {
  const version = /^appVersion: *(\S+)$/m.exec(
    readFileSync(join(ROOT, 'charts/sidegraph/Chart.yaml'), 'utf8'),
  )?.[1];
  const steps: readonly (readonly string[])[] = [
    ['e2e/monitoring/image.sh'],
    ['e2e/kube/import.sh', '.cache/kube/monitoring/prometheus.tar'],
    ['e2e/kube/tag.sh', 'localhost/sidegraph:1', `docker.io/sidegraph/sidegraph:${version}`],
    ['e2e/kube/tag.sh', 'localhost/sidegraph-envoy:1', `docker.io/sidegraph/envoy:${version}`],
  ];
  for (const [script = '', ...args] of steps) {
    const { code, stderr } = await run(script, args);
    if (code !== 0) throw new Error(`${script}: ${stderr}`);
  }
  await loadImages(new Map([['seldonio/mock_classifier:1.11.0', 'seldon']]));
}
