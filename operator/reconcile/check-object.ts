// From the stored object to a checked deployment, or to everything that is wrong with it: the checks of admission, made again
// for what came past the webhook.
import type { Deployment } from '../../graph/deployment.ts';
import { countFindings } from '../../graph/finding.ts';
import { hasErrors } from '../../graph/finding.ts';
import type { Finding } from '../../graph/finding.ts';
import { loadDeployments } from '../../graph/load-deployments.ts';
import { findTakenNames } from '../admission/taken-names.ts';
import type { KubeObject } from '../kube/object.ts';
import type { OperatorConfig } from '../workloads/config.ts';
import { listSeldonServers } from '../workloads/servers.ts';

export type CheckedObject =
  | {
      readonly kind: 'valid';
      readonly deployment: Deployment;
      readonly warnings: readonly Finding[];
    }
  | { readonly kind: 'invalid'; readonly findings: readonly Finding[] };

export function checkObject(
  object: KubeObject,
  rivals: readonly KubeObject[],
  config: OperatorConfig,
): CheckedObject {
  const { name, namespace = 'default', annotations } = object.metadata;
  const text = JSON.stringify({
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name, namespace, ...(annotations === undefined ? {} : { annotations }) },
    ...(object['spec'] === undefined ? {} : { spec: object['spec'] }),
  });
  const loaded = loadDeployments(text, {
    source: object.kind,
    hosts: 'cluster',
    env: firstPorts(config),
    servers: listSeldonServers(config.predictorServers),
  });
  // As at admission, a deployment holds the names that it had before another one came.
  const taken = findTakenNames(object, name, object, rivals);
  const findings = [...loaded.findings, ...taken];
  const deployment = loaded.deployments[0];
  if (deployment === undefined || hasErrors(findings)) return { kind: 'invalid', findings };
  return { kind: 'valid', deployment, warnings: findings };
}

/** All findings in one text: a count, then a line each. */
export function describeFindings(findings: readonly Finding[]): string {
  const lines = findings
    .toSorted((one, other) => rank(one) - rank(other))
    .slice(0, MAX_LINES)
    .map(({ path, message, advice }) => `${path === '' ? '' : `${path}: `}${message}; ${advice}`);
  const left = findings.length - lines.length;
  return [countFindings(findings), ...lines, ...(left > 0 ? [`and ${left} more`] : [])].join('\n');
}

const MAX_LINES = 50;

function rank(finding: Finding): number {
  return finding.severity === 'error' ? 0 : 1;
}

function firstPorts({ ports }: OperatorConfig): Readonly<Record<string, string>> {
  return {
    PREDICTIVE_UNIT_HTTP_SERVICE_PORT: String(ports.http),
    PREDICTIVE_UNIT_GRPC_SERVICE_PORT: String(ports.grpc),
    PREDICTIVE_UNIT_METRICS_SERVICE_PORT: String(ports.metrics),
  };
}
