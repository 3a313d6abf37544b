// Findings as an admission response tells them: every error in one message, in the words of `sidegraph check`, and every
// warning by itself.
import type { Finding } from '../../graph/manifest/finding.ts';
import type { Verdict } from './review.ts';

/** A refusal when there is an error among the findings, else a pass with warnings. */
export function judge(kind: string, findings: readonly Finding[]): Verdict {
  const errors = ofSeverity('error', findings);
  if (errors.length === 0) return warnOf(findings);
  const warnings = ofSeverity('warning', findings).map((finding) => findingText(finding));
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  return {
    allowed: false,
    warnings,
    message: [
      `the ${kind} has ${count}:`,
      ...errors.map((error) => `- ${findingText(error)}`),
    ].join('\n'),
    causes: errors.map(({ path, code, message, advice }) => ({
      field: path,
      message: `${code}: ${message}; ${advice}`,
    })),
  };
}

/** A pass whatever was found: all of it as warnings, errors first. */
export function warnOf(findings: readonly Finding[]): Verdict {
  const sorted = [...ofSeverity('error', findings), ...ofSeverity('warning', findings)];
  return { allowed: true, warnings: sorted.map((finding) => findingText(finding)), patch: [] };
}

function ofSeverity(severity: Finding['severity'], findings: readonly Finding[]): Finding[] {
  return findings.filter((finding) => finding.severity === severity);
}

/** `spec.predictors[0].graph CONTAINER_MISSING: no container is named m; add a container …` */
export function findingText({ path, code, message, advice }: Finding): string {
  const place = path === '' ? '' : `${path} `;
  return `${place}${code}: ${message}${advice === '' ? '' : `; ${advice}`}`.replaceAll(
    /\p{Cc}/gu,
    '?',
  );
}
