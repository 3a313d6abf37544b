// From the stored object to a checked deployment, or to everything that is wrong with it: the checks of admission, made again
// for what came past the webhook.
import type { Deployment } from '../../graph/plan/deployment.ts';
import { countFindings } from '../../graph/manifest/finding.ts';
import { hasErrors } from '../../graph/manifest/finding.ts';
import type { Finding } from '../../graph/manifest/finding.ts';
import type { LoadedDeployments } from '../../graph/seldon/load-deployments.ts';
import { findTakenNames } from '../workloads/taken-names.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { readablePart } from '../read/reader.ts';
import type { Reader, ReadOptions } from '../read/reader.ts';

export type CheckedObject =
  | {
      readonly kind: 'valid';
      readonly deployment: Deployment;
      readonly warnings: readonly Finding[];
    }
  | { readonly kind: 'invalid'; readonly findings: readonly Finding[] };

/** Reads an object as it is stored. */
export async function readStoredObject(
  object: KubeObject,
  reader: Reader,
  options: ReadOptions,
): Promise<LoadedDeployments> {
  const { name, namespace = 'default', annotations } = object.metadata;
  const part = readablePart(object, { name, namespace, annotations });
  return await reader.read(part, options, namespace);
}

export function checkObject(
  object: KubeObject,
  loaded: LoadedDeployments,
  rivals: readonly KubeObject[],
): CheckedObject {
  const { name } = object.metadata;
  // As at admission, a deployment holds the names that it had before another one came.
  const taken = findTakenNames(object, name, object, rivals);
  const findings = [...loaded.findings, ...taken];
  const deployment = loaded.deployments[0];
  if (deployment === undefined || hasErrors(findings)) return { kind: 'invalid', findings };
  return { kind: 'valid', deployment, warnings: findings };
}

/** The gravest of findings, in one line. */
export function tellGravest(findings: readonly Finding[]): ToldFinding {
  const [first] = findings.toSorted((one, other) => rank(one) - rank(other));
  return first === undefined ? { text: '', reason: '' } : tellFinding(first);
}

export interface ToldFinding {
  readonly text: string;
  /** The same without its place. */
  readonly reason: string;
}

function tellFinding({ path, message, advice }: Finding): ToldFinding {
  const reason = `${message}; ${advice}`;
  return { text: path === '' ? reason : `${path}: ${reason}`, reason };
}

/** All findings in one text: a count, then a line each. */
export function describeFindings(findings: readonly Finding[]): string {
  const lines = findings
    .toSorted((one, other) => rank(one) - rank(other))
    .slice(0, MAX_LINES)
    .map((finding) => tellFinding(finding).text);
  const left = findings.length - lines.length;
  return [countFindings(findings), ...lines, ...(left > 0 ? [`and ${left} more`] : [])].join('\n');
}

const MAX_LINES = 50;

function rank(finding: Finding): number {
  return finding.severity === 'error' ? 0 : 1;
}
