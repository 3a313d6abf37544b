// `sidegraph check FILE…`: every finding of every file, told at once.
import { loadDeployments } from '../graph/load-deployments.ts';
import { CommandFailure } from './failure.ts';
import { type FileFindings, countSeverity, renderFindings, summarize } from './findings.ts';
import { listFiles, readSource } from './files.ts';
import type { Io } from './io.ts';
import { createPaint } from './paint.ts';

interface Unreadable {
  readonly source: string;
  readonly message: string;
  readonly advice: string;
}

/** Returns the exit code: 1 when a file has an error or cannot be read, else 0. */
export function check(paths: readonly string[], output: 'text' | 'json', io: Io): number {
  const files: FileFindings[] = [];
  const unreadable: Unreadable[] = [];
  for (const path of paths) {
    for (const file of expand(path, unreadable)) {
      try {
        const { source, text } = readSource(file);
        const { deployments, findings } = loadDeployments(text, { source });
        files.push({ source, deployments: deployments.map((each) => each.name), findings });
      } catch (thrown) {
        note(file, thrown, unreadable);
      }
    }
  }
  const errors = countSeverity(files, 'error') + unreadable.length;
  if (output === 'json') {
    const warnings = countSeverity(files, 'warning');
    io.out(`${JSON.stringify({ files, unreadable, errors, warnings }, null, 2)}\n`);
  } else {
    const paint = createPaint({ isTTY: io.outIsTty }, io.env);
    for (const file of files) {
      if (file.findings.length > 0) io.out(`${renderFindings(file, paint)}\n`);
    }
    for (const file of unreadable) {
      io.out(
        `${paint('bold', file.source)}\n  ${paint('red', 'error')} ${file.message}\n    → ${file.advice}\n`,
      );
    }
    const broken = unreadable.length === 0 ? '' : `, ${unreadable.length} could not be read`;
    io.out(`${summarize(files)}${broken}\n`);
  }
  return errors > 0 ? 1 : 0;
}

function expand(path: string, unreadable: Unreadable[]): string[] {
  try {
    return listFiles(path);
  } catch (thrown) {
    note(path, thrown, unreadable);
    return [];
  }
}

function note(source: string, thrown: unknown, unreadable: Unreadable[]): void {
  if (!(thrown instanceof CommandFailure)) throw thrown;
  unreadable.push({ source, message: thrown.message, advice: thrown.advice });
}
