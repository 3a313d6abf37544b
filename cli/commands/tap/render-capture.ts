// The payloads of a captured request for the terminal, below its line: what the client sent and got, and what went to each unit and came
// back. What clients and units wrote must not steer the terminal.
import type { CopiedBody } from '../../../extproc/live/copied-body.ts';
import type { Capture } from '../../../sidecar/live/captured.ts';
import { viewBody } from '../../../sidecar/live/page/bodies.ts';
import { plain } from '../../live/plain.ts';

/** Lines that are shown of one body. */
const MAX_LINES = 40;

/** Ends with a line break. */
export async function renderCapture({ asked, response, calls }: Capture): Promise<string> {
  const parts = [
    await renderBody('sent by the client', asked.body),
    ...(await Promise.all(
      calls.flatMap(({ unit, verb, sent, received }) => [
        renderBody(`to ${unit} ${verb}`, sent),
        ...(received === null ? [] : [renderBody(`from ${unit} ${verb}`, received)]),
      ]),
    )),
    await renderBody('response', response.body),
  ];
  return `${parts.join('\n')}\n`;
}

async function renderBody(title: string, body: CopiedBody): Promise<string> {
  const { text, words } = await viewBody(body);
  const lines = text === '' ? [] : text.split('\n');
  const shown = lines.slice(0, MAX_LINES).map((line) => `    ${plain(line)}`);
  const rest = lines.length > MAX_LINES ? [`    … ${lines.length - MAX_LINES} lines more`] : [];
  return [`  ${plain(title)}: ${plain(words)}`, ...shown, ...rest].join('\n');
}
