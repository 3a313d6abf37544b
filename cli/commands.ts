// The table of commands: one row each, with its place in the overview, its help text, how its command line is read and what
// runs it. A command's code is loaded when it is called.
import type { CommandLine } from '../lib/runtime/options.ts';
import type { Io } from '../lib/runtime/io.ts';
import { parseCheck } from './commands/check/parse.ts';
import { CHECK_USAGE } from './commands/check/usage.ts';
import { parseDashboard } from './commands/dashboard/parse.ts';
import { DASHBOARD_USAGE } from './commands/dashboard/usage.ts';
import { parseExplain } from './commands/explain/parse.ts';
import { EXPLAIN_USAGE } from './commands/explain/usage.ts';
import { parseInject } from './commands/inject/parse.ts';
import { INJECT_USAGE } from './commands/inject/usage.ts';
import { parseReplay } from './commands/replay/parse.ts';
import { REPLAY_USAGE } from './commands/replay/usage.ts';
import { parseRun } from './commands/run/parse.ts';
import { RUN_USAGE } from './commands/run/usage.ts';
import { parseSidecar } from './commands/sidecar/parse.ts';
import { SIDECAR_USAGE } from './commands/sidecar/usage.ts';
import { parseStatus } from './commands/status/parse.ts';
import { STATUS_USAGE } from './commands/status/usage.ts';
import { parseTap } from './commands/tap/parse.ts';
import { TAP_USAGE } from './commands/tap/usage.ts';
import { parseTop } from './commands/top/parse.ts';
import { TOP_USAGE } from './commands/top/usage.ts';
import { parseTrace } from './commands/trace/parse.ts';
import { TRACE_USAGE } from './commands/trace/usage.ts';

/** Resolves with the exit code. */
export type Action = (io: Io) => Promise<number>;

export interface Command {
  readonly synopsis: string;
  readonly summary: string;
  readonly usage: string;
  readonly parse: (argv: readonly string[]) => CommandLine<Action>;
}

export const COMMANDS: Readonly<Record<string, Command>> = {
  run: {
    synopsis: 'run FILE',
    summary: 'serve a graph on this machine',
    usage: RUN_USAGE,
    parse: onOptions(parseRun, async (options, io) =>
      (await import('./commands/run/run.ts')).run(options, io),
    ),
  },
  top: {
    synopsis: 'top [NAME]',
    summary: 'show what a running graph does, each second',
    usage: TOP_USAGE,
    parse: onOptions(parseTop, async (options, io) =>
      (await import('./commands/top/top.ts')).top(options, io),
    ),
  },
  tap: {
    synopsis: 'tap [NAME]',
    summary: 'show the requests of a running graph',
    usage: TAP_USAGE,
    parse: onOptions(parseTap, async (options, io) =>
      (await import('./commands/tap/tap.ts')).tap(options, io),
    ),
  },
  trace: {
    synopsis: 'trace [ID]',
    summary: "show one request's walk through a running graph",
    usage: TRACE_USAGE,
    parse: onOptions(parseTrace, async (options, io) =>
      (await import('./commands/trace/trace.ts')).trace(options, io),
    ),
  },
  replay: {
    synopsis: 'replay [PUID]',
    summary: 'send captured requests again, and show what differs',
    usage: REPLAY_USAGE,
    parse: onOptions(parseReplay, async (options, io) =>
      (await import('./commands/replay/replay.ts')).replay(options, io),
    ),
  },
  dashboard: {
    synopsis: 'dashboard [NAME]',
    summary: 'serve the live page of deployments in a cluster',
    usage: DASHBOARD_USAGE,
    parse: onOptions(parseDashboard, async (options, io) =>
      (await import('./commands/dashboard/dashboard.ts')).dashboard(options, io),
    ),
  },
  explain: {
    synopsis: 'explain FILE',
    summary: 'show what happens to a request, and why',
    usage: EXPLAIN_USAGE,
    parse: onOptions(parseExplain, async (options, io) =>
      (await import('./commands/explain/explain.ts')).explain(options, io),
    ),
  },
  check: {
    synopsis: 'check FILE…',
    summary: 'report every mistake in manifests',
    usage: CHECK_USAGE,
    parse: onOptions(parseCheck, async ({ files, output }, io) =>
      (await import('./commands/check/check.ts')).check(files, output, io),
    ),
  },
  inject: {
    synopsis: 'inject -f FILE',
    summary: 'add the sidecars of a graph to your own pods',
    usage: INJECT_USAGE,
    parse: onOptions(parseInject, async (options, io) =>
      (await import('./commands/inject/inject.ts')).inject(options, io),
    ),
  },
  status: {
    synopsis: 'status',
    summary: 'show what is served in a cluster',
    usage: STATUS_USAGE,
    parse: onOptions(parseStatus, async (options, io) =>
      (await import('./commands/status/status.ts')).status(options, io),
    ),
  },
  sidecar: {
    synopsis: 'sidecar',
    summary: 'the agent inside a pod; the operator starts it',
    usage: SIDECAR_USAGE,
    parse: onOptions(parseSidecar, async (command, io) =>
      command.kind === 'drain'
        ? (await import('../sidecar/agent/drain-command.ts')).drainSidecar(command.run)
        : (await import('../sidecar/agent/sidecar.ts')).runSidecar(command.options, io),
    ),
  },
};

export const MAIN_USAGE = `Usage: sidegraph COMMAND …

Serves inference graphs (SeldonDeployment files) inside Envoy.

Commands:
${overview()}

Examples:
  sidegraph check examples/
  sidegraph run examples/single-model/graph.yaml
  curl -d '{"data":{"ndarray":[[5.1,3.5,1.4,0.2]]}}' -H 'content-type: application/json' \\
    http://127.0.0.1:8000/api/v1.0/predictions
`;

/** The help texts by topic; `main` is the overview. */
export const USAGE: Readonly<Record<string, string>> = {
  main: MAIN_USAGE,
  ...Object.fromEntries(Object.entries(COMMANDS).map(([name, { usage }]) => [name, usage])),
};

/** What a command line asks for. */
export type ParsedCommand =
  | { readonly kind: 'help'; readonly topic: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly topic: string; readonly faults: readonly string[] }
  | { readonly kind: 'command'; readonly action: Action };

export function parseCommand(argv: readonly string[]): ParsedCommand {
  const [name = '', ...rest] = argv;
  if (['', 'help', '--help', '-h'].includes(name)) {
    const topic = rest[0] ?? 'main';
    return Object.hasOwn(USAGE, topic) ? { kind: 'help', topic } : noCommand(topic);
  }
  if (['version', '--version', '-V'].includes(name)) return { kind: 'version' };
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) return noCommand(name);
  const line = command.parse(rest);
  switch (line.kind) {
    case 'help':
      return { kind: 'help', topic: name };
    case 'faults':
      return { kind: 'wrong', topic: name, faults: line.faults };
    case 'options':
      return { kind: 'command', action: line.options };
  }
}

function noCommand(name: string): ParsedCommand {
  return { kind: 'wrong', topic: 'main', faults: [`there is no command ${name}`] };
}

/** Ties the options of one command line to what is done with them. */
function onOptions<T>(
  parse: (argv: readonly string[]) => CommandLine<T>,
  run: (options: T, io: Io) => Promise<number>,
): Command['parse'] {
  return (argv) => {
    const line = parse(argv);
    if (line.kind !== 'options') return line;
    const { options } = line;
    return { kind: 'options', options: (io) => run(options, io) };
  };
}

function overview(): string {
  const rows = [
    ...Object.values(COMMANDS).map(({ synopsis, summary }) => [synopsis, summary] as const),
    ['help COMMAND', 'the options of a command'] as const,
    ['version', 'print the version'] as const,
  ];
  return rows.map(([synopsis, summary]) => `  ${synopsis.padEnd(18)}${summary}`).join('\n');
}
