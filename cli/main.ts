// `sidegraph`: reads the command line and hands over to one command. Exit codes: 0 for done, 1 for findings and
// failures, 2 for a mistake on the command line. No stack trace reaches a user.
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommandFailure } from '../lib/runtime/failure.ts';
import { describeThrown } from '../lib/runtime/thrown.ts';
import { type Io, processIo } from '../lib/runtime/io.ts';
import { parseCommand, usageOf } from './commands.ts';

/** Runs one command to its end; returns the exit code. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    const asked = await parseCommand(argv);
    switch (asked.kind) {
      case 'help':
        io.out(await usageOf(asked.topic));
        return 0;
      case 'version':
        io.out(`sidegraph ${readVersion()}\n`);
        return 0;
      case 'wrong': {
        const topic = asked.topic === 'main' ? '' : ` ${asked.topic}`;
        for (const fault of asked.faults) io.err(`sidegraph: ${fault}\n`);
        io.err(`Try: sidegraph help${topic}\n`);
        return 2;
      }
      case 'command':
        return await asked.action(io);
    }
  } catch (thrown) {
    if (thrown instanceof CommandFailure) {
      io.err(`sidegraph: ${thrown.message}\n  → ${thrown.advice} [${thrown.code}]\n`);
      return 1;
    }
    io.err(describeBug(thrown));
    return 1;
  }
}

/** What a user is told of a bug: a code made of where it happened, and how to report it. */
export function describeBug(thrown: unknown): string {
  const text = describeThrown(thrown);
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  // The message may hold a place of its own, so only what comes after it is looked at.
  const place = /([\w.-]{1,100}\.ts):(\d{1,9}):\d/.exec(
    stack.slice(stack.indexOf(text) + text.length),
  );
  const code = place === null ? 'INTERNAL' : `INTERNAL ${place[1]}:${place[2]}`;
  return (
    `sidegraph: internal error [${code}]: ${text.split('\n')[0]}\n` +
    `  → this is a bug in sidegraph ${readVersion()}; please report it with the command line, the file and this code\n`
  );
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '?';
}

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  process.on('uncaughtException', (thrown) => {
    process.stderr.write(describeBug(thrown));
    process.exit(1);
  });
  process.exitCode = await main(process.argv.slice(2), processIo());
}
