// The list of deployments in the browser: one row each with its rates, and a link to its page.
import { find, make } from './dom.mjs';
import { follow, showNotes } from './elements.mjs';
import { millis, quantile, rate } from './words.ts';

function show(state) {
  find('title').textContent = `Namespace ${state.namespace}`;
  document.title = `${state.namespace} – Sidegraph`;
  const total = state.deployments.reduce((sum, { perSecond }) => sum + perSecond, 0);
  find('facts').textContent =
    `${rate(total)} requests/s · over ${state.windowSeconds.toFixed(0)} s`;
  showNotes(state.notes);
  find('none').hidden = state.deployments.length > 0;
  showRows(state.deployments);
}

/** Rows stay where they are, so that a link keeps the focus. */
function showRows(deployments) {
  const body = find('deployments');
  const rows = new Map([...body.children].map((row) => [row.dataset.name, row]));
  const wanted = deployments.map((deployment) => {
    const row = rows.get(deployment.name) ?? newRow(deployment.name);
    fillRow(row, deployment);
    return row;
  });
  const isSame =
    wanted.length === body.children.length && wanted.every((row, at) => row === body.children[at]);
  if (!isSame) body.replaceChildren(...wanted);
}

function newRow(name) {
  const link = make('a', { href: `d/${encodeURIComponent(name)}/` }, name);
  const numbers = Array.from({ length: 8 }, () => make('td', { class: 'number' }));
  return make('tr', { 'data-name': name }, make('td', {}, link), make('td'), ...numbers);
}

function fillRow(row, deployment) {
  const { state, pods, inFlight, perSecond, errorsPerSecond, meanMs, p50Ms, p99Ms, total } =
    deployment;
  const cells = [
    state,
    `${pods.live}/${pods.all}`,
    inFlight === null ? '–' : String(inFlight),
    rate(perSecond),
    rate(errorsPerSecond),
    millis(meanMs),
    quantile(p50Ms),
    quantile(p99Ms),
    String(total),
  ];
  cells.forEach((text, at) => {
    row.children[at + 1].textContent = text;
  });
  row.children[5].classList.toggle('bad', errorsPerSecond > 0);
}

follow('live', show);
