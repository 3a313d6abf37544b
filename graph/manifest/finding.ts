// A finding: one thing that is wrong, or worth knowing, in what the user wrote. Everything that reads or checks a
// manifest adds findings to a list and goes on, so that all of them are told at once.
import { FINDINGS } from './finding-codes.ts';
import type { FindingCode } from './finding-codes.ts';

export type Severity = 'error' | 'warning';

export interface Finding {
  readonly severity: Severity;
  /** The place as the user wrote it: `spec.predictors[0].graph.children[1].name`; '' for the whole document. */
  readonly path: string;
  readonly code: FindingCode;
  /** What happened, and to what. */
  readonly message: string;
  /** What to do. */
  readonly advice: string;
  /** Line in the file, from 1, where it is known. */
  readonly line?: number;
  /** The file, as it was named by whoever asked. */
  readonly source?: string;
}

/** Findings of one document, in the order in which they are met. */
export interface FindingSink {
  /**
   * Adds a finding; `advice` replaces the code's general advice. What is said of a place that could not be read is dropped:
   * one cause is told once.
   */
  add(code: FindingCode, path: string, message: string, advice?: string): void;
  /** Whether an error was found at the path or below it, so that what seems to follow from it may be its doing. */
  hasErrorsAt(path: string): boolean;
  readonly findings: readonly Finding[];
  /** Whether further errors are only counted. */
  readonly isFull: boolean;
  /** How many errors were added. */
  readonly errors: number;
  /** How many warnings were added. */
  readonly warnings: number;
}

/** Findings of one severity in one document; more are dropped, so that warnings never hide an error. */
export const MAX_FINDINGS = 500;

/** Characters of a message, and of a path; names of hostile length are cut. */
const MAX_MESSAGE = 400;

/** After one of these nothing is known of what is at its path and below. */
const UNREADABLE: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'FIELD_WRONG_TYPE',
  'VALUE_TOO_LONG',
  'NUMBER_RANGE',
  'TEMPLATE_MARK',
]);

/** Opens an empty list; `lineOf` tells the line of a path, where it is known. */
export function openFindings(
  source: string,
  lineOf: (path: string) => number | undefined,
): FindingSink {
  const findings: Finding[] = [];
  const counts = { error: 0, warning: 0 };
  const unreadable = new Set<string>();
  /** The paths of errors and of all that holds them. */
  const places = new Set<string>();
  const isUnreadable = (path: string): boolean => {
    if (unreadable.size === 0) return false;
    for (let rest = path; rest !== ''; rest = parentOf(rest)) if (unreadable.has(rest)) return true;
    return false;
  };
  return {
    findings,
    hasErrorsAt: (path) => places.has(path),
    get isFull() {
      return counts.error >= MAX_FINDINGS;
    },
    get errors() {
      return counts.error;
    },
    get warnings() {
      return counts.warning;
    },
    add(code, path, message, advice) {
      if (isUnreadable(path)) return;
      if (UNREADABLE.has(code) && path !== '') unreadable.add(path);
      const kind = FINDINGS[code];
      counts[kind.severity] += 1;
      if (counts[kind.severity] > MAX_FINDINGS) return;
      if (kind.severity === 'error')
        for (let rest = path; rest !== ''; rest = parentOf(rest)) places.add(rest);
      const line = lineOf(path);
      findings.push({
        severity: kind.severity,
        path: cut(path),
        code,
        message: cut(message),
        advice: cut(advice ?? kind.advice),
        ...(line === undefined ? {} : { line }),
        source,
      });
    },
  };
}

/** The path of what holds the last field or item of a path. */
function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.'), path.lastIndexOf('[')));
}

function cut(text: string): string {
  return text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text;
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'error');
}

/** Errors and warnings in words: `2 errors, 1 warning`. */
export function countFindings(findings: readonly Finding[]): string {
  const errors = findings.filter((finding) => finding.severity === 'error').length;
  return `${plural(errors, 'error')}, ${plural(findings.length - errors, 'warning')}`;
}

/** `1 file`, `2 files`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Control characters of a hostile file must not reach a terminal. */
export function plainText(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}
