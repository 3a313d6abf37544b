// States that are worth showing, for the terminal: what keeps a part from being shown goes to standard error, each thing once, and where
// nothing can ever be shown the command fails.
import { CommandFailure } from '../../lib/runtime/failure.ts';
import type { Io } from '../../lib/runtime/io.ts';
import type { Wanted } from '../../sidecar/live/sample.ts';
import type { LiveNote, LiveState, NamespaceState } from '../../sidecar/live/state.ts';
import type { ClusterOptions } from '../cluster/flags.ts';
import { plain } from './plain.ts';
import { type LivePlace, statesOf, statesOfNamespace } from './source.ts';

/** Pods that do not tell anything in this time are shown without, ms. */
const SETTLE_LIMIT_MS = 15_000;
/** Notes after which nothing comes by itself. */
const FINAL_CODES: readonly string[] = ['FORWARD_FORBIDDEN', 'PODS_FORBIDDEN'];

/** With `once`, states before all pods have told something are left out. */
export async function* shownStates(
  place: LivePlace,
  wants: Wanted,
  once: boolean,
  io: Io,
): AsyncGenerator<LiveState> {
  const said = new Set<string>();
  const until = performance.now() + SETTLE_LIMIT_MS;
  for await (const state of statesOf(place, wants)) {
    const isSettled = isComplete(state) || performance.now() > until;
    if (state.predictors.length > 0) {
      if (isSettled || !once) yield state;
      if (isSettled) sayNotes(state.notes, said, io);
    } else if (isSettled) {
      const final = state.notes.find(isFinal);
      sayNotes(
        state.notes.filter((each) => each !== final),
        said,
        io,
      );
      if (once || final !== undefined) throw nothing(state, final);
    }
  }
}

/** The same of a namespace's deployments: with `once` those before the pods of all tell are left out. */
export async function* shownNamespace(
  options: ClusterOptions,
  once: boolean,
  io: Io,
): AsyncGenerator<NamespaceState> {
  const said = new Set<string>();
  const until = performance.now() + SETTLE_LIMIT_MS;
  for await (const state of statesOfNamespace(options)) {
    const isSettled =
      state.notes.length > 0 ||
      state.deployments.every(
        ({ pods, inFlight }) => pods.live === pods.all && (pods.all === 0 || inFlight !== null),
      ) ||
      performance.now() > until;
    if (isSettled) sayNotes(state.notes, said, io);
    if (isSettled || !once) yield state;
  }
}

/** Whether every pod tells, or has said why not. */
export function isComplete({ pods }: LiveState): boolean {
  return pods.every(({ state }) => state !== 'connecting');
}

function isFinal({ code }: LiveNote): boolean {
  return FINAL_CODES.includes(code);
}

function nothing(state: LiveState, final: LiveNote | undefined): CommandFailure {
  const { namespace, deployment, pods } = state;
  if (final !== undefined)
    return new CommandFailure(
      'CLUSTER_REFUSED',
      `nothing is known of ${namespace}/${deployment}: ${plain(final.message)} (${final.code})`,
      final.advice,
    );
  const why = pods.map(({ name, why: reason }) => `${name}: ${reason}`).slice(0, MAX_NAMED);
  return new CommandFailure(
    'LIVE_UNREACHABLE',
    `no pod of ${namespace}/${deployment} reports anything${why.length === 0 ? '' : `: ${plain(why.join('; '))}`}`,
    `sidegraph status -n ${namespace} ${deployment}`,
  );
}

const MAX_NAMED = 3;

function sayNotes(notes: readonly LiveNote[], said: Set<string>, io: Io): void {
  for (const { code, message, advice } of notes) {
    const text = `sidegraph: ${plain(message)}\n  → ${plain(advice)} [${code}]\n`;
    if (said.has(text)) continue;
    said.add(text);
    io.err(text);
  }
}
