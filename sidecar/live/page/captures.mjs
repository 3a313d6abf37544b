// Captured payloads in the browser: the switch, and what a request and each of its calls sent and got. They are fetched when a request is
// opened, and only then.
import { viewBody } from './bodies.ts';
import { compareCaptures, differenceWords } from './compare.ts';
import { find, make } from './dom.mjs';
import { millis } from './words.ts';

/** No page from elsewhere can say it. */
const ACTION = { method: 'POST', headers: { 'sidegraph-action': 'page' } };
let facts = null;

/** `now` is null where nothing may be captured. */
export function showCaptures(now) {
  facts = now;
  find('captures').hidden = now === null;
  if (now === null) return;
  const { isOn, kept, max, keptBytes, dropped, pauses, lost } = now;
  const words = [
    isOn ? 'Payloads are captured' : 'Payloads are not captured',
    `${kept} of at most ${max} requests kept, ${Math.ceil(keptBytes / 1024)} KiB`,
    dropped > 0 ? `${dropped} older ones dropped` : '',
    pauses > 0 ? `requests came too fast ${pauses} times` : '',
    lost > 0 ? `${lost} lost` : '',
  ];
  const text = `${words.filter((word) => word !== '').join('; ')}.`;
  // Only what changed is read out.
  if (find('capture-facts').textContent !== text) find('capture-facts').textContent = text;
  find('capture-switch').textContent = isOn ? 'Pause capturing' : 'Capture payloads';
}

async function act(action) {
  const response = await fetch(`captures/${action}`, ACTION);
  if (response.ok) showCaptures(await response.json());
  else find('capture-facts').textContent = await response.text();
}

find('capture-switch').addEventListener('click', () => void act(facts?.isOn ? 'pause' : 'start'));
find('capture-clear').addEventListener('click', () => void act('clear'));

/** Fills `place` with the payloads of a request, where they were captured. */
export async function showCapture(place, request) {
  if (request.capture === null) return;
  const response = await fetch(`captures/${request.capture}`);
  if (!response.ok) {
    place.replaceChildren(make('p', {}, `Its payloads: ${await response.text()}`));
    return;
  }
  const capture = await response.json();
  const parts = [
    await drawPart('Request', [
      ['Sent by the client', capture.asked],
      ['Response', capture.response],
    ]),
  ];
  for (const { unit, verb, by, ms, sent, received } of capture.calls)
    parts.push(
      await drawPart(`${unit} ${verb}, ${millis(ms)} ms${by === 'envoy' ? ", Envoy's call" : ''}`, [
        ['Sent', { body: sent }],
        ['Received', received === null ? null : { body: received }],
      ]),
    );
  place.replaceChildren(make('h4', {}, 'Payloads'), ...parts, drawReplay(capture));
}

/** A button that sends the request again, and below it what came out otherwise. */
function drawReplay(capture) {
  const button = make('button', { type: 'button', class: 'replay' }, 'Send it again');
  const outcome = make('div', { role: 'status', class: 'outcome' });
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled') === 'true') return;
    // Not by `disabled`, which would take the focus away.
    button.setAttribute('aria-disabled', 'true');
    outcome.replaceChildren('sending …');
    const response = await fetch('replay', { ...ACTION, body: JSON.stringify({ id: capture.id }) });
    button.setAttribute('aria-disabled', 'false');
    if (response.ok) {
      const again = await response.json();
      outcome.replaceChildren(...drawComparison(await compareCaptures(capture, again, 0), again));
    } else outcome.replaceChildren(`It was not sent: ${await response.text()}`);
  });
  return make('div', {}, button, outcome);
}

const STATES = { same: 'the same', different: 'different', missing: 'not called', added: 'new' };

function drawComparison({ isSame, calls, response }, { request }) {
  const items = [...calls, response].map((call) => {
    const name = call.unit === '' ? 'response' : `${call.unit} ${call.verb}`;
    const words = `${name}: ${STATES[call.state]} (${millis(call.msBefore)} ms before, ${millis(call.msAfter)} ms now)`;
    const lines = call.differences.map((difference) => make('li', {}, differenceWords(difference)));
    if (call.more > 0) lines.push(make('li', {}, `${call.more} differences more`));
    if (call.isPartial)
      lines.push(make('li', {}, 'of a long body only the beginning was compared'));
    return make('li', {}, words, ...(lines.length > 0 ? [make('ul', {}, ...lines)] : []));
  });
  return [
    make('p', {}, `Sent again as ${request.puid}: ${isSame ? 'the same' : 'different'}.`),
    make('ul', {}, ...items),
  ];
}

/** A part that opens by a click or by Enter. */
async function drawPart(title, messages) {
  const children = [];
  for (const [name, message] of messages) {
    if (message === null) {
      children.push(make('p', {}, `${name}: nothing`));
      continue;
    }
    const { text, words } = await viewBody(message.body);
    children.push(make('p', {}, `${name}: ${words}`));
    const { headers = [] } = message;
    const lines = headers.map(({ name: own, value }) => `${own}: ${value ?? '(left out)'}`);
    if (lines.length > 0) children.push(drawText(lines.join('\n'), `${title}: headers, ${name}`));
    if (text !== '') children.push(drawText(text, `${title}: ${name}`));
  }
  return make('details', {}, make('summary', {}, title), ...children);
}

/** It may be longer than its place, so the keyboard has to come to it. */
function drawText(text, label) {
  return make('pre', { tabindex: '0', role: 'region', 'aria-label': label }, text);
}
