// The table of commands: one row each, with its place in the overview, its help text, how its command line is read and what
// runs it. Of a command everything but its place in the overview is loaded when it is called.
import type { CommandLine } from '../lib/runtime/options.ts';
import type { Io } from '../lib/runtime/io.ts';

/** Resolves with the exit code. */
export type Action = (io: Io) => Promise<number>;

export interface Command {
  readonly synopsis: string;
  readonly summary: string;
  readonly usage: () => Promise<string>;
  readonly parse: (argv: readonly string[]) => Promise<CommandLine<Action>>;
}

export const COMMANDS: Readonly<Record<string, Command>> = {
  run: {
    synopsis: 'run FILE',
    summary: 'serve a graph on this machine',
    usage: async () => (await import('./commands/run/usage.ts')).RUN_USAGE,
    parse: async (argv) => {
      const { parseRun } = await import('./commands/run/parse.ts');
      return onOptions(parseRun(argv), async (options, io) =>
        (await import('./commands/run/run.ts')).run(options, io),
      );
    },
  },
  top: {
    synopsis: 'top [NAME]',
    summary: 'show what a running graph does, each second',
    usage: async () => (await import('./commands/top/usage.ts')).TOP_USAGE,
    parse: async (argv) => {
      const { parseTop } = await import('./commands/top/parse.ts');
      return onOptions(parseTop(argv), async (options, io) =>
        (await import('./commands/top/top.ts')).top(options, io),
      );
    },
  },
  tap: {
    synopsis: 'tap [NAME]',
    summary: 'show the requests of a running graph',
    usage: async () => (await import('./commands/tap/usage.ts')).TAP_USAGE,
    parse: async (argv) => {
      const { parseTap } = await import('./commands/tap/parse.ts');
      return onOptions(parseTap(argv), async (options, io) =>
        (await import('./commands/tap/tap.ts')).tap(options, io),
      );
    },
  },
  trace: {
    synopsis: 'trace [ID]',
    summary: "show one request's walk through a running graph",
    usage: async () => (await import('./commands/trace/usage.ts')).TRACE_USAGE,
    parse: async (argv) => {
      const { parseTrace } = await import('./commands/trace/parse.ts');
      return onOptions(parseTrace(argv), async (options, io) =>
        (await import('./commands/trace/trace.ts')).trace(options, io),
      );
    },
  },
  replay: {
    synopsis: 'replay [PUID]',
    summary: 'send captured requests again, and show what differs',
    usage: async () => (await import('./commands/replay/usage.ts')).REPLAY_USAGE,
    parse: async (argv) => {
      const { parseReplay } = await import('./commands/replay/parse.ts');
      return onOptions(parseReplay(argv), async (options, io) =>
        (await import('./commands/replay/replay.ts')).replay(options, io),
      );
    },
  },
  dashboard: {
    synopsis: 'dashboard [NAME]',
    summary: 'serve the live page of deployments in a cluster',
    usage: async () => (await import('./commands/dashboard/usage.ts')).DASHBOARD_USAGE,
    parse: async (argv) => {
      const { parseDashboard } = await import('./commands/dashboard/parse.ts');
      return onOptions(parseDashboard(argv), async (options, io) =>
        (await import('./commands/dashboard/dashboard.ts')).dashboard(options, io),
      );
    },
  },
  explain: {
    synopsis: 'explain FILE',
    summary: 'show what happens to a request, and why',
    usage: async () => (await import('./commands/explain/usage.ts')).EXPLAIN_USAGE,
    parse: async (argv) => {
      const { parseExplain } = await import('./commands/explain/parse.ts');
      return onOptions(parseExplain(argv), async (options, io) =>
        (await import('./commands/explain/explain.ts')).explain(options, io),
      );
    },
  },
  check: {
    synopsis: 'check FILE…',
    summary: 'report every mistake in manifests',
    usage: async () => (await import('./commands/check/usage.ts')).CHECK_USAGE,
    parse: async (argv) => {
      const { parseCheck } = await import('./commands/check/parse.ts');
      return onOptions(parseCheck(argv), async ({ files, output }, io) =>
        (await import('./commands/check/check.ts')).check(files, output, io),
      );
    },
  },
  inject: {
    synopsis: 'inject -f FILE',
    summary: 'add the sidecars of a graph to your own pods',
    usage: async () => (await import('./commands/inject/usage.ts')).INJECT_USAGE,
    parse: async (argv) => {
      const { parseInject } = await import('./commands/inject/parse.ts');
      return onOptions(parseInject(argv), async (options, io) =>
        (await import('./commands/inject/inject.ts')).inject(options, io),
      );
    },
  },
  status: {
    synopsis: 'status',
    summary: 'show what is served in a cluster',
    usage: async () => (await import('./commands/status/usage.ts')).STATUS_USAGE,
    parse: async (argv) => {
      const { parseStatus } = await import('./commands/status/parse.ts');
      return onOptions(parseStatus(argv), async (options, io) =>
        (await import('./commands/status/status.ts')).status(options, io),
      );
    },
  },
  sidecar: {
    synopsis: 'sidecar',
    summary: 'the agent inside a pod; the operator starts it',
    usage: async () => (await import('./commands/sidecar/usage.ts')).SIDECAR_USAGE,
    parse: async (argv) => {
      const { parseSidecar } = await import('./commands/sidecar/parse.ts');
      return onOptions(parseSidecar(argv), async (command, io) =>
        command.kind === 'drain'
          ? (await import('../sidecar/agent/drain-command.ts')).drainSidecar(command.run)
          : (await import('../sidecar/agent/sidecar.ts')).runSidecar(command.options, io),
      );
    },
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

/** What there is help on; `main` is the overview. */
export const TOPICS: readonly string[] = ['main', ...Object.keys(COMMANDS)];

export async function usageOf(topic: string): Promise<string> {
  const command = Object.hasOwn(COMMANDS, topic) ? COMMANDS[topic] : undefined;
  return command === undefined ? MAIN_USAGE : await command.usage();
}

/** What a command line asks for. */
export type ParsedCommand =
  | { readonly kind: 'help'; readonly topic: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly topic: string; readonly faults: readonly string[] }
  | { readonly kind: 'command'; readonly action: Action };

export async function parseCommand(argv: readonly string[]): Promise<ParsedCommand> {
  const [name = '', ...rest] = argv;
  if (['', 'help', '--help', '-h'].includes(name)) {
    const topic = rest[0] ?? 'main';
    return TOPICS.includes(topic) ? { kind: 'help', topic } : noCommand(topic);
  }
  if (['version', '--version', '-V'].includes(name)) return { kind: 'version' };
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) return noCommand(name);
  const line = await command.parse(rest);
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

/** Ties the options of a command line to what is done with them. */
function onOptions<T>(
  line: CommandLine<T>,
  run: (options: T, io: Io) => Promise<number>,
): CommandLine<Action> {
  if (line.kind !== 'options') return line;
  const { options } = line;
  return { kind: 'options', options: (io) => run(options, io) };
}

function overview(): string {
  const rows = [
    ...Object.values(COMMANDS).map(({ synopsis, summary }) => [synopsis, summary] as const),
    ['help COMMAND', 'the options of a command'] as const,
    ['version', 'print the version'] as const,
  ];
  return rows.map(([synopsis, summary]) => `  ${synopsis.padEnd(18)}${summary}`).join('\n');
}
