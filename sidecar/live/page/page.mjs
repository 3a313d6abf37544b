// The live page in the browser: takes states from /live and draws them. Every text goes in as text, never as markup, since paths and
// names come from clients.
import { showCapture, showCaptures } from './captures.mjs';
import { draw, find, make } from './dom.mjs';
import { BOX_HEIGHT, BOX_WIDTH, CLIENT_RADIUS, placePredictor, waterfall } from './picture.ts';
import { follow, showNotes } from './elements.mjs';
import {
  depthOf,
  edgeWords,
  isFailed,
  isWanted,
  millis,
  percent,
  quantile,
  rate,
  statusWords,
  wayWords,
} from './words.ts';

const MAX_ROWS = 200;
let requests = [];
let chosen = null;
/** What the picture was drawn for; it is drawn anew only when the graph is another one. */
let drawn = '';
let updates = [];

function show(state) {
  find('title').textContent = `${state.namespace}/${state.deployment}`;
  document.title = `${state.deployment} – Sidegraph`;
  const total = state.predictors
    .filter(({ shadow }) => !shadow)
    .reduce((sum, { perSecond }) => sum + perSecond, 0);
  const flight = state.inFlight === null ? '' : ` · ${state.inFlight} in flight`;
  const facts = find('facts');
  facts.textContent = `${rate(total)} requests/s${flight} · over ${state.windowSeconds.toFixed(0)} s`;
  showGraph(state.predictors);
  showUnits(state.predictors);
  showCaptures(state.captures);
  showPods(state.pods);
  showNotes(state.notes);
  const known = new Set(requests.map(({ id }) => id));
  const fresh = state.requests.filter(({ id }) => !known.has(id));
  requests = [...fresh.toReversed(), ...requests].slice(0, MAX_ROWS);
  if (fresh.length > 0 && !find('hold').checked) showRequests();
}

function showPods(pods) {
  find('pods').hidden = pods.length === 0;
  find('pod-rows').replaceChildren(
    ...pods.map(({ name, predictor, plan, perSecond, state, why }) =>
      make(
        'tr',
        {},
        make('td', {}, name),
        make('td', {}, predictor),
        make('td', {}, plan),
        make('td', { class: 'number' }, perSecond === null ? '–' : rate(perSecond)),
        make('td', { class: state === 'silent' ? 'bad' : '' }, state === 'silent' ? why : state),
      ),
    ),
  );
}

function showGraph(predictors) {
  const shape = JSON.stringify(
    predictors.map(({ plan, percent: share, shadow }) => [plan, share, shadow]),
  );
  if (shape !== drawn) {
    drawn = shape;
    updates = predictors.map(() => []);
    find('graph').replaceChildren(
      ...predictors.map((predictor, at) => drawPredictor(predictor, updates[at])),
    );
  }
  predictors.forEach((predictor, at) => {
    for (const update of updates[at] ?? []) update(predictor);
  });
}

/** Adds to `later` what has to be done with each state. */
function drawPredictor(predictor, later) {
  const picture = placePredictor(predictor);
  const svg = draw('svg', {
    width: picture.width,
    height: picture.height,
    viewBox: `0 0 ${picture.width} ${picture.height}`,
    role: 'img',
  });
  // Smaller where the window is, as long as it can be read; then it scrolls.
  svg.style.minWidth = `${Math.round(picture.width * 0.7)}px`;
  svg.setAttribute(
    'aria-label',
    `The graph of predictor ${predictor.name}: ${predictor.units.map(({ name, kind }) => `${name} (${kind})`).join(', ')}; its numbers are in the table of units.`,
  );
  const head = `head-${predictor.name}`;
  svg.append(
    draw(
      'defs',
      {},
      draw(
        'marker',
        {
          id: head,
          viewBox: '0 0 8 8',
          refX: 2,
          refY: 4,
          markerWidth: 8,
          markerHeight: 8,
          markerUnits: 'userSpaceOnUse',
          orient: 'auto',
        },
        draw('path', { d: 'M0 0L8 4L0 8z', class: 'head' }),
      ),
    ),
  );
  for (const arrow of picture.arrows) {
    const path = draw('path', { d: arrow.d, 'marker-end': `url(#${head})` });
    const above = draw('text', { x: arrow.x, y: arrow.y - 6, 'text-anchor': 'middle' });
    const below = draw('text', {
      x: arrow.x,
      y: arrow.y + 15,
      'text-anchor': 'middle',
      class: 'quiet',
    });
    svg.append(path, above, below);
    later.push((now) => {
      const unit = now.units[arrow.unit];
      const isRoot = unit.parent < 0;
      const traffic = isRoot ? now : unit;
      const [first, second] = edgeWords(traffic);
      above.textContent = first;
      below.textContent = second;
      const isFailing = traffic.errorsPerSecond > 0;
      above.setAttribute('class', isFailing ? 'bad' : '');
      path.setAttribute(
        'class',
        `arrow${isFailing ? ' failing' : traffic.perSecond > 0 || unit.share > 0 ? ' busy' : ''}${now.shadow && isRoot ? ' copy' : ''}`,
      );
    });
  }
  svg.append(
    draw('circle', { cx: picture.client.x, cy: picture.client.y, r: CLIENT_RADIUS, class: 'box' }),
    draw(
      'text',
      { x: picture.client.x, y: picture.client.y + 4, 'text-anchor': 'middle' },
      'client',
    ),
  );
  for (const { unit: index, x, y } of picture.boxes) {
    const unit = predictor.units[index];
    const box = unit.chooses
      ? draw('path', {
          d: `M${x + 12} ${y}H${x + BOX_WIDTH - 12}L${x + BOX_WIDTH} ${y + BOX_HEIGHT / 2}L${x + BOX_WIDTH - 12} ${y + BOX_HEIGHT}H${x + 12}L${x} ${y + BOX_HEIGHT / 2}z`,
        })
      : draw('rect', { x, y, width: BOX_WIDTH, height: BOX_HEIGHT, rx: 6 });
    const line = (text, at, name) =>
      draw(
        'text',
        { x: x + BOX_WIDTH / 2, y: y + at, 'text-anchor': 'middle', class: name },
        cut(text),
      );
    const kindWords = unit.kind.toLowerCase().replaceAll('_', ' ');
    const kind = line(kindWords, 37, 'quiet');
    const branch = predictor.units[unit.parent]?.chooses ? `${unit.branch}: ` : '';
    svg.append(
      draw(
        'g',
        {},
        draw('title', {}, `${unit.name} (${unit.kind})\n${unit.does.join('\n')}`),
        box,
        line(`${branch}${unit.name}`, 20, 'name'),
        kind,
        line(unit.does.join(', '), 53, 'quiet'),
      ),
    );
    later.push((now) => {
      const { perSecond, share } = now.units[index];
      box.setAttribute('class', perSecond > 0 || share > 0 ? 'box busy' : 'box');
      kind.textContent = share === null ? kindWords : `${kindWords} · ${percent(share)}`;
    });
  }
  const share = predictor.shadow
    ? `copies of ${predictor.percent} % of the requests`
    : `${predictor.percent} % of the requests`;
  return make(
    'div',
    { class: 'predictor' },
    make('h3', {}, `${predictor.name}: ${share}`),
    make(
      'div',
      {
        class: 'picture',
        tabindex: '0',
        role: 'region',
        'aria-label': `Picture of ${predictor.name}`,
      },
      svg,
    ),
  );
}

function cut(text) {
  return text.length > 25 ? `${text.slice(0, 24)}…` : text;
}

function showUnits(predictors) {
  const rows = predictors.flatMap((predictor) => [
    trafficRow(
      predictor.name,
      make('td', {}, 'all requests'),
      '',
      predictor.shadow ? 'shadow' : `${predictor.percent} %`,
      predictor,
    ),
    ...predictor.units.map((unit) => {
      const indent = '\u00a0\u00a0'.repeat(1 + depthOf(predictor.units, unit));
      return trafficRow(
        predictor.name,
        make('td', {}, `${indent}${unit.name}`),
        unit.kind,
        unit.share === null ? '' : percent(unit.share),
        unit,
      );
    }),
  ]);
  find('units').replaceChildren(...rows);
}

function trafficRow(predictor, name, kind, share, traffic) {
  const number = (text, isBad = false) =>
    make('td', { class: isBad ? 'number bad' : 'number' }, text);
  return make(
    'tr',
    {},
    make('td', {}, predictor),
    name,
    make('td', {}, kind),
    number(share),
    number(String(traffic.inFlight ?? '')),
    number(rate(traffic.perSecond)),
    number(rate(traffic.errorsPerSecond), traffic.errorsPerSecond > 0),
    number(millis(traffic.meanMs)),
    number(quantile(traffic.p50Ms)),
    number(quantile(traffic.p99Ms)),
    number(String(traffic.total)),
  );
}

function showRequests() {
  const filter = {
    status: find('status').value.trim().toLowerCase(),
    unit: find('unit').value.trim(),
    slowMs: Number(find('slow').value || 0),
  };
  const shown = requests.filter((request) => isWanted(request, filter));
  const focused = document.activeElement?.dataset?.id;
  find('requests').replaceChildren(...shown.map(requestRow));
  find('none').hidden = shown.length > 0;
  find('none').textContent =
    requests.length > 0 ? 'No request is like that.' : 'No request since this page was opened.';
  if (focused !== undefined)
    document.querySelector(`button[data-id="${Number(focused)}"]`)?.focus();
}

function requestRow(request) {
  const open = make(
    'button',
    {
      type: 'button',
      'data-id': String(request.id),
      'aria-expanded': String(request.id === chosen),
    },
    request.time.slice(11, 23),
  );
  open.addEventListener('click', () => choose(request));
  return make(
    'tr',
    request.id === chosen ? { class: 'chosen' } : {},
    make('td', {}, open),
    make('td', { class: isFailed(request) ? 'bad' : 'good' }, statusWords(request)),
    make('td', {}, `${request.pod || request.predictor} ${request.path}`),
    make('td', {}, wayWords(request)),
    make('td', { class: 'number' }, millis(request.ms)),
    make('td', {}, request.unit),
    make('td', { class: 'number' }, millis(request.unitMs)),
  );
}

function choose(request) {
  chosen = chosen === request.id ? null : request.id;
  showRequests();
  const detail = find('detail');
  detail.hidden = chosen === null;
  find('split').classList.toggle('open', chosen !== null);
  if (chosen === null) return;
  const facts = {
    Status: statusWords(request),
    Began: request.time,
    Path: `${request.method} ${request.path}`,
    Predictor: request.predictor,
    Pod: request.pod,
    Way: wayWords(request),
    Error: request.error,
    Flags: request.flags,
    'Seldon-Puid': request.puid,
  };
  const list = make(
    'dl',
    {},
    ...Object.entries(facts)
      .filter(([, text]) => text !== '')
      .flatMap(([name, text]) => [make('dt', {}, name), make('dd', {}, text)]),
  );
  const payloads = make('div', { id: 'payloads' });
  const close = make('button', { type: 'button', class: 'close' }, 'Close');
  close.addEventListener('click', () => leave(request));
  detail.replaceChildren(
    make('h3', {}, `Request ${request.puid || request.id}`),
    list,
    drawWaterfall(request),
    payloads,
    close,
  );
  void showCapture(payloads, request);
}

/** Closes a request; the focus goes back to where it was opened. */
function leave(request) {
  choose(request);
  document.querySelector(`button[data-id="${request.id}"]`)?.focus();
}

function drawWaterfall(request) {
  const bars = waterfall(request);
  const width = 520;
  const row = 36;
  const scale = width / Math.max(0.001, ...bars.map(({ atMs, ms }) => atMs + (ms ?? 0)));
  const svg = draw('svg', {
    viewBox: `0 0 ${width} ${bars.length * row}`,
    width: '100%',
    role: 'img',
  });
  svg.setAttribute(
    'aria-label',
    bars
      .map(
        ({ name, atMs, ms, words }) =>
          `${name}: from ${millis(atMs)} ms, for ${millis(ms)} ms, ${words}`,
      )
      .join('; '),
  );
  bars.forEach(({ name, atMs, ms, kind, words }, index) => {
    const y = index * row;
    svg.append(
      draw('text', { x: 0, y: y + 14 }, `${name}  ${millis(ms)} ms`),
      draw(
        'text',
        { x: width, y: y + 14, 'text-anchor': 'end', class: 'quiet' },
        `at ${millis(atMs)} ms, ${words}`,
      ),
      draw('rect', {
        x: atMs * scale,
        y: y + 19,
        width: Math.max(2, (ms ?? 0) * scale),
        height: 10,
        rx: 2,
        class: kind,
      }),
    );
  });
  return svg;
}

for (const id of ['status', 'unit', 'slow', 'hold'])
  find(id).addEventListener('input', showRequests);
find('filters').addEventListener('submit', (event) => event.preventDefault());
document.addEventListener('keydown', (event) => {
  const shown = requests.find(({ id }) => id === chosen);
  if (event.key === 'Escape' && shown !== undefined) leave(shown);
});
// Below a list of deployments this page is one of many.
find('back').hidden = !location.pathname.includes('/d/');
follow('live', show, () => {
  requests = [];
});
