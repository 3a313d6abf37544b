// `sidegraph replay`: captured requests once more, and what came out otherwise.
import { readText } from '../../manifests/files.ts';
import { CommandFailure } from '../../../lib/runtime/failure.ts';
import type { Io } from '../../../lib/runtime/io.ts';
import { MAX_REPLAYS } from '../../../sidecar/live/capture/limits.ts';
import { REPLAY_PUID } from '../../../sidecar/live/capture/capture-pages.ts';
import { whyNotSent } from '../../../sidecar/live/capture/send-again.ts';
import type { Capture } from '../../../sidecar/live/captured.ts';
import { compareCaptures } from '../../../sidecar/live/page/compare.ts';
import { listCaptures, readCaptures, replayAt } from '../../live/captures.ts';
import { type OtherGraph, startOther } from './against.ts';
import type { ReplayOptions } from './parse.ts';
import { renderReplay, type ReplayResult } from './render-replay.ts';

const DIFFERENT = 3;

/** Returns 0 when all came out the same, 3 when something differs, 1 when a request could not be sent. */
export async function replay(options: ReplayOptions, io: Io): Promise<number> {
  const captures = await findCaptures(options);
  const other: OtherGraph | undefined =
    options.against === undefined
      ? undefined
      : await startOther(options.against, options.runArguments, io);
  try {
    const url = other?.url ?? options.url;
    let different = 0;
    let failed = 0;
    for await (const result of replayAll(captures, url, options.tolerance)) {
      if (result.kind === 'failed') failed++;
      else if (!result.comparison.isSame) different++;
      io.out(options.output === 'json' ? renderJson(result) : renderReplay(result));
    }
    if (options.output === 'text' && captures.length > 1)
      io.out(
        `${captures.length} sent again: ${captures.length - different - failed} the same, ${different} different, ${failed} failed\n`,
      );
    return failed > 0 ? 1 : different > 0 ? DIFFERENT : 0;
  } finally {
    await other?.close();
  }
}

/** In the order of the captures, as many at a time as a run admits. */
async function* replayAll(
  captures: readonly Capture[],
  url: string,
  tolerance: number,
): AsyncGenerator<ReplayResult> {
  const running: Promise<ReplayResult>[] = [];
  for (const capture of captures) {
    if (running.length === MAX_REPLAYS / 2) yield await (running.shift() as Promise<ReplayResult>);
    running.push(replayOne(capture, url, tolerance));
  }
  for (const each of running) yield await each;
}

/** Never rejects: why it failed is a result too. */
async function replayOne(before: Capture, url: string, tolerance: number): Promise<ReplayResult> {
  const reason = whyNotSent(before);
  if (reason !== undefined) return { kind: 'failed', before, reason };
  try {
    const after = await replayAt(url, before);
    return {
      kind: 'replayed',
      before,
      after,
      comparison: await compareCaptures(before, after, tolerance),
    };
  } catch (thrown) {
    if (!(thrown instanceof CommandFailure)) throw thrown;
    return { kind: 'failed', before, reason: `${thrown.message} [${thrown.code}]` };
  }
}

async function findCaptures({ url, file, puid, last }: ReplayOptions): Promise<readonly Capture[]> {
  const all =
    file === undefined
      ? // What was sent again is not sent once more.
        (await listCaptures(url)).filter(({ request }) => !request.puid.startsWith(REPLAY_PUID))
      : readCaptures(readText(file === '-' ? 0 : file, `--file ${file}`));
  const asked = puid === undefined ? all : all.filter(({ request }) => request.puid === puid);
  const count = last ?? (file === undefined ? 1 : asked.length);
  const found = asked.slice(-count);
  if (found.length > 0) return found;
  throw new CommandFailure(
    'REQUEST_UNKNOWN',
    puid === undefined
      ? `${file ?? `the run at ${url}`} has no captured request`
      : `none of ${all.length} captured requests has the id ${puid}`,
    file === undefined
      ? 'send one while capturing is on; see them with: sidegraph tap --capture --once'
      : 'write it with: sidegraph tap --capture --once -o json',
  );
}

function renderJson(result: ReplayResult): string {
  const { request } = result.before;
  const line =
    result.kind === 'failed'
      ? { puid: request.puid, failed: result.reason }
      : { puid: request.puid, sentAs: result.after.request.puid, ...result.comparison };
  return `${JSON.stringify(line)}\n`;
}
