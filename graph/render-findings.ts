// Findings as text for people (a table, or a list with advice) or as JSON for tools.
import type { Finding } from './finding.ts';

export interface RenderOptions {
  /** `table`: one line each; `text`: with the advice; `json`: a list of all fields. */
  readonly format: 'table' | 'text' | 'json';
}

/** Ends with a line break unless there is nothing to tell. */
export function renderFindings(findings: readonly Finding[], { format }: RenderOptions): string {
  if (format === 'json') return `${JSON.stringify(findings, null, 2)}\n`;
  if (findings.length === 0) return '';
  return format === 'text' ? renderText(findings) : renderTable(findings);
}

/** `errors` and `warnings` in words: `2 errors, 1 warning`. */
export function countFindings(findings: readonly Finding[]): string {
  const errors = findings.filter((finding) => finding.severity === 'error').length;
  const count = (number: number, word: string): string =>
    `${number} ${word}${number === 1 ? '' : 's'}`;
  return `${count(errors, 'error')}, ${count(findings.length - errors, 'warning')}`;
}

/** A longer cell moves the rest of its own line only. */
const MAX_WIDTH = 72;

function placeOf({ source, line }: Finding): string {
  return [source, line].filter((part) => part !== undefined && part !== '').join(':');
}

function renderText(findings: readonly Finding[]): string {
  const blocks = findings.map((finding) => {
    const { severity, code, path, message, advice } = finding;
    const place = path === '' ? '' : `  at ${plain(path)}\n`;
    const head = `${plain(placeOf(finding))} ${severity} ${code}: ${plain(message)}`;
    return `${head}\n${place}  -> ${plain(advice)}\n`;
  });
  return `${blocks.join('')}${countFindings(findings)}\n`;
}

function renderTable(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => [
    plain(placeOf(finding)),
    finding.severity,
    finding.code,
    plain(finding.path || '-'),
    `${plain(finding.message)}; ${plain(finding.advice)}`,
  ]);
  const table = [['WHERE', 'SEVERITY', 'CODE', 'PATH', 'WHAT, AND WHAT TO DO'], ...rows];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0).filter((width) => width <= MAX_WIDTH)),
  );
  const lines = table.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '),
  );
  return `${lines.join('\n')}\n${countFindings(findings)}\n`;
}

/** Control characters of a hostile file must not reach a terminal. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}
