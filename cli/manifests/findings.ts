// Findings as people read them: grouped by file, each with its place, code, what happened and what to do.
import { type Finding, countFindings, plainText, plural } from '../../graph/manifest/finding.ts';
import type { Paint } from '../../lib/runtime/paint.ts';

export interface FileFindings {
  readonly source: string;
  /** Names of the deployments in the file. */
  readonly deployments: readonly string[];
  readonly findings: readonly Finding[];
}

export function renderFindings(file: FileFindings, paint: Paint): string {
  const lines = [paint('bold', file.source)];
  for (const finding of file.findings) {
    const colour = finding.severity === 'error' ? 'red' : 'yellow';
    const line = finding.line === undefined ? '' : paint('dim', ` (line ${finding.line})`);
    const place = finding.path === '' ? '(the whole document)' : plainText(finding.path);
    lines.push(
      `  ${paint(colour, finding.severity)} ${paint('bold', finding.code)} ${place}${line}`,
    );
    lines.push(`    ${plainText(finding.message)}`);
    if (finding.advice !== '') lines.push(`    ${paint('cyan', '→')} ${plainText(finding.advice)}`);
  }
  return lines.join('\n');
}

export function countSeverity(
  files: readonly FileFindings[],
  severity: Finding['severity'],
): number {
  return files.reduce(
    (total, file) =>
      total + file.findings.filter((finding) => finding.severity === severity).length,
    0,
  );
}

/** `3 errors, 1 warning in 40 files`. */
export function summarizeFindings(files: readonly FileFindings[]): string {
  const findings = files.flatMap((file) => file.findings);
  return `${countFindings(findings)} in ${plural(files.length, 'file')}`;
}
