// The tables of codes: what requests are answered with, what a manifest is told, why a command fails or cannot show all.
import { LIVE_NOTES } from '../../cli/cluster/notes.ts';
import { FAILURES } from '../../lib/runtime/failure.ts';
import { ERRORS } from '../../graph/plan/errors.ts';
import { FINDINGS } from '../../graph/manifest/finding-codes.ts';
import { code, table } from './markdown.ts';

export function requestErrors(): string {
  const rows = Object.entries(ERRORS).map(([name, { status, grpcStatus, meaning, advice }]) => [
    code(name),
    String(status),
    String(grpcStatus),
    meaning,
    advice,
  ]);
  return table(['code', 'HTTP', 'gRPC', 'what happened', 'what to do'], rows);
}

export function findings(): string {
  const rows = Object.entries(FINDINGS).map(([name, { severity, meaning, advice }]) => [
    code(name),
    severity,
    meaning,
    advice,
  ]);
  return table(['code', 'severity', 'what is wrong', 'what to do'], rows);
}

export function commandFailures(): string {
  const rows = Object.entries(FAILURES).map(([name, meaning]) => [code(name), meaning]);
  return table(['code', 'what happened'], rows);
}

export function liveNotes(): string {
  const rows = Object.entries(LIVE_NOTES).map(([name, meaning]) => [code(name), meaning]);
  return table(['code', 'what is the matter'], rows);
}
