// Findings as an admission answer tells them: every error in one message, in the words of `sidegraph check`, and every
// warning by itself.
import type { Finding } from '../../graph/manifest/finding.ts';
import type { Verdict } from './review.ts';

/** A refusal when there is an error among the findings, else a pass with warnings. */
export function judge(kind: string, findings: readonly Finding[]): Verdict {
  const errors = findings.filter((finding) => finding.severity === 'error');
  const warnings = findings
    .filter((finding) => finding.severity === 'warning')
    .map((finding) => tell(finding));
  if (errors.length === 0) return { allowed: true, warnings, patch: [] };
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  return {
    allowed: false,
    warnings,
    message: [`the ${kind} has ${count}:`, ...errors.map((error) => `- ${tell(error)}`)].join('\n'),
    causes: errors.map(({ path, code, message, advice }) => ({
      field: path,
      message: `${code}: ${message}; ${advice}`,
    })),
  };
}

/** `spec.predictors[0].graph CONTAINER_MISSING: no container is named m; add a container …` */
export function tell({ path, code, message, advice }: Finding): string {
  const place = path === '' ? '' : `${path} `;
  return `${place}${code}: ${message}${advice === '' ? '' : `; ${advice}`}`.replaceAll(
    /\p{Cc}/gu,
    '?',
  );
}
