// `sidegraph check FILE…`: every finding of every file, told at once. A directory holds more JSON than manifests
// (requests, settings of other tools): what has neither kind nor apiVersion there is skipped and counted.
import { loadDeployments } from '../../../graph/seldon/load-deployments.ts';
import { DEFAULT_SIDECAR } from '../../../operator/config/defaults.ts';
import { judgeWorkloads } from '../../../operator/workloads/judge.ts';
import { CommandFailure } from '../../../lib/runtime/failure.ts';
import {
  type FileFindings,
  countSeverity,
  renderFindings,
  summarizeFindings,
} from '../../manifests/findings.ts';
import { listFiles, readSource } from '../../manifests/files.ts';
import type { Io } from '../../../lib/runtime/io.ts';
import { createPaint } from '../../../lib/runtime/paint.ts';

/** A cluster may have other defaults of sidecars; their bounds are seldom others. */
const judge = judgeWorkloads(DEFAULT_SIDECAR);

interface Unreadable {
  readonly source: string;
  readonly message: string;
  readonly advice: string;
}

/** Returns the exit code: 1 when a file has an error or cannot be read, else 0. */
export function check(paths: readonly string[], output: 'text' | 'json', io: Io): number {
  const files: FileFindings[] = [];
  const unreadable: Unreadable[] = [];
  const skipped: string[] = [];
  for (const path of paths) {
    const listed = expand(path, unreadable);
    const before = skipped.length;
    for (const file of listed) {
      try {
        const { source, text } = readSource(file);
        if (file !== path && isOtherJson(source, text)) {
          skipped.push(source);
          continue;
        }
        const { deployments, findings } = loadDeployments(text, {
          source,
          images: 'command',
          judge,
        });
        files.push({ source, deployments: deployments.map((each) => each.name), findings });
      } catch (thrown) {
        note(file, thrown, unreadable);
      }
    }
    if (listed.length > 0 && skipped.length - before === listed.length) {
      unreadable.push({
        source: path,
        message: `${path} holds JSON files without a kind, and nothing else`,
        advice: 'name a directory that holds a manifest, or the file itself',
      });
    }
  }
  const errors = countSeverity(files, 'error') + unreadable.length;
  if (output === 'json') {
    const warnings = countSeverity(files, 'warning');
    io.out(`${JSON.stringify({ files, skipped, unreadable, errors, warnings }, null, 2)}\n`);
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
    const others = skipped.length === 0 ? '' : `, ${skipped.length} JSON without a kind skipped`;
    io.out(`${summarizeFindings(files)}${others}${broken}\n`);
  }
  return errors > 0 ? 1 : 0;
}

/** Whether a file is JSON that claims to be no manifest; broken JSON is one that wants mending. */
function isOtherJson(source: string, text: string): boolean {
  if (!/\.json$/i.test(source)) return false;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return true;
    return !('kind' in parsed) && !('apiVersion' in parsed);
  } catch {
    return false;
  }
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
