// What `run` says when all is ready: the units, the addresses, a request to try, and last the one line that scripts
// wait for.
import { dialectOf } from '../../../dialects/known/dialects.ts';
import { explainerPath } from '../../../envoy/sidecar/explainers.ts';
import type { RunOptions } from './parse.ts';
import type { Prepared } from './prepare.ts';
import { renderTable } from '../../../lib/runtime/table.ts';
import type { ResolvedUnit } from '../../units/resolve.ts';
import { bracketed, LOCAL_HOST } from '../../../lib/runtime/hosts.ts';

/** `silent`: units given by address that did not answer, as `predictor/unit`. */
export function announce(
  prepared: Prepared,
  options: RunOptions,
  stateDir: string,
  silent: ReadonlySet<string>,
): string {
  const url = urlOf(options.host, options.port);
  if (options.json) {
    return `${JSON.stringify({
      ready: true,
      url,
      grpc: `${clientHost(options.host)}:${options.grpcPort}`,
      admin: options.adminPort === undefined ? null : urlOf(options.host, options.adminPort),
      deployment: prepared.deployment.name,
      namespace: prepared.deployment.namespace,
      stateDir,
      units: prepared.units.map((unit) => ({
        predictor: unit.predictor,
        unit: unit.name,
        ...unit.address,
        how: unit.how,
        answers: !silent.has(`${unit.predictor}/${unit.name}`),
      })),
    })}\n`;
  }
  const { name, namespace } = prepared.deployment;
  const { path, body, grpcPath } = dialectOf(prepared.deployment.protocol).example;
  const places: [string, string][] = [
    ['REST', `${url}${path}`],
    ['', `${url}/seldon/${namespace}/${name}${path}`],
  ];
  if (grpcPath !== undefined)
    places.push([
      'gRPC',
      `${clientHost(options.host)}:${options.grpcPort} (${grpcPath.slice(1)}), and the REST port`,
    ]);
  for (const each of prepared.plan.predictors)
    if (each.explainer !== undefined)
      places.push(['explain', `${url}${explainerPath(prepared.plan, each)}…`]);
  places.push(['metrics', `${url}/metrics`]);
  if (options.adminPort !== undefined) {
    const admin = urlOf(options.host, options.adminPort);
    places.push(['live', `${admin}/`], ['admin', `${admin}/stats`]);
  }
  const { capture } = options;
  if (capture === 'paused')
    places.push(['capture', 'paused; the live page begins to keep payloads']);
  else if (capture !== undefined)
    places.push(['capture', `the payloads of the newest ${capture} requests are kept`]);
  places.push(['files', stateDir]);
  const width = Math.max(...places.map(([label]) => label.length));
  const lines = ['', describeUnits(prepared.units, silent), ''];
  lines.push(...places.map(([label, place]) => `${label.padEnd(width)}  ${place}`), '');
  lines.push(`curl -H 'content-type: application/json' -d '${body}' ${url}${path}`, '');
  lines.push(`ready ${url}`);
  return `${lines.join('\n')}\n`;
}

function describeUnits(units: readonly ResolvedUnit[], silent: ReadonlySet<string>): string {
  if (units.length === 0) return 'The graph is all built-in units.';
  const rows = units.map((unit) => {
    const { host, httpPort, grpcPort } = unit.address;
    const quiet = silent.has(`${unit.predictor}/${unit.name}`);
    return [
      unit.predictor,
      unit.name,
      `${host}:${httpPort}`,
      `${host}:${grpcPort}`,
      unit.how === 'started here' ? 'started here' : `from the ${unit.how}`,
      quiet ? 'does not answer (yet)' : 'answers',
    ];
  });
  return renderTable([['PREDICTOR', 'UNIT', 'HTTP', 'GRPC', 'ADDRESS', 'STATE'], ...rows]);
}

/** The address for a client on this machine: a wildcard is none. */
function clientHost(host: string): string {
  if (host === '0.0.0.0') return LOCAL_HOST;
  if (host === '::') return '[::1]';
  return bracketed(host);
}

function urlOf(host: string, port: number): string {
  return `http://${clientHost(host)}:${port}`;
}
