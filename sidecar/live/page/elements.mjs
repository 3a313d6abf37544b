// What the pages of the live data share in the browser: notes, and the states as they come.
import { find, make } from './dom.mjs';

/** What keeps a part from being shown, with what to do about it. */
export function showNotes(notes) {
  find('noted').hidden = notes.length === 0;
  const shown = JSON.stringify(notes);
  const list = find('notes');
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  list.replaceChildren(
    ...notes.map(({ code, message, advice }) =>
      make('li', {}, message, make('br'), make('span', { class: 'quiet' }, `${advice} [${code}]`)),
    ),
  );
}

/** Hands over each state; `lost` is called when the connection breaks, which is then made anew. */
export function follow(path, show, lost = () => {}) {
  const source = new EventSource(path);
  source.addEventListener('message', (event) => {
    find('facts').classList.remove('lost');
    show(JSON.parse(event.data));
  });
  source.addEventListener('error', () => {
    find('facts').classList.add('lost');
    find('facts').textContent = 'the connection is lost; trying again …';
    lost();
  });
}
