// The live page in a real browser: it shows what was sent, works by the keyboard alone, and breaks no rule of axe-core, in both colour
// schemes, enlarged, and with everything open that can be opened.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { findViolations } from '../harness/axe.ts';
import { findChromium, type Key, openPage, type Page } from '../harness/browser.ts';
import { ask } from '../harness/client.ts';
import { LIVE_BODY, type LiveGraph, startLiveGraph } from '../harness/live-graph.ts';

/** A path that would be markup if it were not escaped. */
const HOSTILE_PATH = '/api/v1.0/predictions?<img src=x onerror=alert(1)>';

describe('the live page in a browser', {
  skip: findChromium() === undefined && 'no Chromium here',
}, () => {
  let graph: LiveGraph;
  let page: Page;
  before(async () => {
    graph = await startLiveGraph(['--capture']);
    page = await openPage(`${graph.url}/`);
  });
  after(async () => {
    await page?.close();
    await graph?.close();
  });

  const text = async (selector: string): Promise<string> =>
    String(
      await page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`),
    );
  const isTrue = async (expression: string): Promise<boolean> =>
    (await page.evaluate(expression)) === true;
  const focus = (selector: string): Promise<unknown> =>
    page.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`);
  /** Presses a key until what has the focus is as wanted. */
  const pressUntil = async (key: Key, selector: string): Promise<void> => {
    for (let tries = 0; tries < 60; tries++) {
      if (await isTrue(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
      await page.press(key);
    }
    assert.fail(`${key} never comes to ${selector}`);
  };

  test('it draws the graph, and requests appear with their numbers', async () => {
    await page.waitUntil("document.querySelectorAll('#graph svg .box').length === 5");
    for (let at = 0; at < 8; at++) await ask(graph.running.port, { body: LIVE_BODY });
    await ask(graph.running.port, { body: LIVE_BODY, path: encodeURI(HOSTILE_PATH) });
    await page.waitUntil("document.querySelectorAll('#requests tr').length >= 9");
    await page.waitUntil(
      "[...document.querySelectorAll('#graph svg text')].some((each) => each.textContent.includes('errors'))",
    );
    assert.match(await text('#title'), /^ns\/test$/);
    assert.match(await text('#units'), /ROUTER/);
    assert.equal(await page.evaluate("document.querySelectorAll('#requests img').length"), 0);
  });

  describe('by the keyboard alone', () => {
    test('each control is reached in the order of the page, and shows that it has the focus', async () => {
      await page.evaluate('document.activeElement.blur()');
      const seen: unknown[] = [];
      for (let count = 0; count < 10; count++) {
        await page.press('Tab');
        assert.ok(
          await isTrue("getComputedStyle(document.activeElement).outlineStyle === 'solid'"),
        );
        seen.push(
          await page.evaluate(
            "document.activeElement.id || document.activeElement.getAttribute('aria-label') || document.activeElement.localName",
          ),
        );
      }
      assert.deepEqual(seen, [
        'Picture of p',
        'status',
        'unit',
        'slow',
        'hold',
        'capture-switch',
        'capture-clear',
        'Last requests',
        'button',
        'button',
      ]);
      await pressUntil('Tab', '[aria-label="Table of units"]');
      await pressUntil('Shift+Tab', '#requests button');
    });

    test('a request is opened by Enter and closed by its button, and the focus goes back', async () => {
      await focus('#requests button');
      await page.press('Enter');
      await page.waitUntil("!document.querySelector('#detail').hidden");
      assert.match(await text('#detail'), /Seldon-Puid/);
      assert.ok(
        Number(await page.evaluate("document.querySelectorAll('#detail rect').length")) >= 4,
      );
      const isOpen = "document.activeElement.getAttribute('aria-expanded')";
      assert.equal(await page.evaluate(isOpen), 'true');
      await pressUntil('Tab', '#detail .close');
      await page.press(' ');
      await page.waitUntil("document.querySelector('#detail').hidden");
      assert.equal(await page.evaluate(isOpen), 'false');
    });

    test('Escape closes it from wherever the focus is', async () => {
      await page.press('Enter');
      await pressUntil('Tab', '#detail .close');
      await page.press('Escape');
      await page.waitUntil("document.querySelector('#detail').hidden");
      assert.ok(await isTrue("document.activeElement.matches('#requests button')"));
    });

    test('filters leave what is wanted', async () => {
      const shown = (column: number): Promise<unknown> =>
        page.evaluate(
          `[...document.querySelectorAll('#requests td:nth-child(${column})')].map((cell) => cell.textContent)`,
        );
      const emptied = async (): Promise<void> => {
        await page.evaluate('document.activeElement.select()');
        await page.press('Delete');
      };
      await pressUntil('Shift+Tab', '#status');
      await page.type('5xx');
      const statuses = await shown(2);
      assert.ok(Array.isArray(statuses) && statuses.length > 0);
      assert.ok(statuses.every((each) => each === '503'));
      await emptied();
      await pressUntil('Tab', '#unit');
      await page.type('a');
      const last = await shown(6);
      assert.ok(Array.isArray(last) && last.length > 0 && last.every((each) => each === 'a'));
      await emptied();
      await pressUntil('Tab', '#slow');
      await page.type('60000');
      assert.deepEqual(await shown(1), []);
      assert.equal(await text('#none'), 'No request is like that.');
      await emptied();
    });

    test('Hold keeps the list as it is, and lets it go', async () => {
      await pressUntil('Tab', '#hold');
      const count = "document.querySelectorAll('#requests tr').length";
      await page.press(' ');
      const before = await page.evaluate(count);
      await ask(graph.running.port, { body: LIVE_BODY });
      await new Promise((resolve) => setTimeout(resolve, 2500));
      assert.equal(await page.evaluate(count), before);
      await page.press(' ');
      await page.waitUntil(`${count} === ${Number(before) + 1}`);
    });

    test('payloads of a request are opened one by one, by Enter', async () => {
      await page.waitUntil("!document.querySelector('#captures').hidden");
      await pressUntil('Shift+Tab', '#requests button');
      await page.press('Enter');
      await page.waitUntil("document.querySelectorAll('#payloads details').length === 4");
      const summaries = await page.evaluate(
        "[...document.querySelectorAll('#payloads summary')].map((each) => each.textContent.replace(/[\\d.]+ ms/, 'ms'))",
      );
      assert.ok(Array.isArray(summaries));
      assert.deepEqual(summaries.slice(0, 3), ['Request', 't transform-input, ms', 'r route, ms']);
      assert.match(String(summaries[3]), /^[ab] predict, ms, Envoy's call$/);
      await pressUntil('Tab', '#payloads details:nth-of-type(3) summary');
      await page.press('Enter');
      await page.waitUntil("document.querySelector('#payloads details:nth-of-type(3)').open");
      assert.match(
        await text('#payloads details:nth-of-type(3)'),
        /Sent: 26 B, application\/json\{\s+"data": \{\s+"ndarray": \[\s+\[1\]/,
      );
      await pressUntil('Tab', '#payloads pre');
      await page.press('Escape');
      await page.waitUntil("document.querySelector('#detail').hidden");
    });

    test('a captured request is sent again by its button, and what differs is told', async () => {
      await pressUntil('Shift+Tab', '#requests button');
      await page.press('Enter');
      await page.waitUntil("document.querySelector('#payloads .replay') !== null");
      await pressUntil('Tab', '#payloads .replay');
      await page.press('Enter');
      await page.waitUntil(
        "document.querySelector('#payloads .outcome').textContent.startsWith('Sent again as replay-')",
      );
      assert.ok(await isTrue("document.activeElement.matches('.replay')"));
      const outcome = await text('#payloads .outcome');
      assert.match(outcome, /t transform-input: the same \([\d.]+ ms before, [\d.]+ ms now\)/);
      assert.match(outcome, /response: (the same|different)/);
      await page.press('Escape');
    });

    test('capturing is paused and begun, and what was captured is forgotten, by the keyboard', async () => {
      const facts = "document.querySelector('#capture-facts').textContent";
      await pressUntil('Shift+Tab', '#capture-switch');
      assert.equal(await text('#capture-switch'), 'Pause capturing');
      await page.press('Enter');
      await page.waitUntil(`${facts}.startsWith('Payloads are not captured')`);
      await pressUntil('Tab', '#capture-clear');
      await page.press(' ');
      await page.waitUntil(`${facts}.includes('; 0 of at most 50 requests kept')`);
      await pressUntil('Shift+Tab', '#capture-switch');
      await page.press('Enter');
      await page.waitUntil(`${facts}.startsWith('Payloads are captured')`);
      // Of a request from before nothing is kept.
      await pressUntil('Tab', '#requests button');
      await page.press('Enter');
      await page.waitUntil(
        "document.querySelector('#payloads').textContent.includes('not kept any more')",
      );
      await page.press('Escape');
    });

    test('what is longer than its place is scrolled by the arrows', async () => {
      for (let at = 0; at < 30; at++) await ask(graph.running.port, { body: LIVE_BODY });
      const list = '[aria-label="Last requests"]';
      const room = `document.querySelector('${list}')`;
      await page.waitUntil(`${room}.scrollHeight > ${room}.clientHeight`);
      await pressUntil('Tab', list);
      await page.press('ArrowDown');
      await page.waitUntil(`${room}.scrollTop > 0`);
    });
  });

  describe('for everybody', () => {
    const views = [false, true].flatMap((dark) =>
      [1, 1.5, 2].map((zoom) => ({ dark, zoom, name: `${dark ? 'dark' : 'light'}, ${zoom}` })),
    );

    test('nothing runs out of the window from 100 to 200 percent, in light and dark', async () => {
      const grounds = new Set<unknown>();
      for (const { dark, zoom, name } of views) {
        await page.setView({ zoom, dark });
        assert.ok(await isTrue('document.documentElement.scrollWidth <= innerWidth'), name);
        grounds.add(await page.evaluate('getComputedStyle(document.body).backgroundColor'));
      }
      assert.equal(grounds.size, 2);
    });

    for (const { dark, zoom, name } of views) {
      test(`no rule of axe is broken: ${name}`, async () => {
        await page.setView({ zoom, dark });
        // A row that is half below the heading of the list is no smaller for that.
        await page.evaluate(
          'document.querySelector(\'[aria-label="Last requests"]\').scrollTop = 0',
        );
        assert.deepEqual(await findViolations(page), []);
        await focus('#requests button');
        await page.press('Enter');
        await page.waitUntil("document.querySelectorAll('#payloads details').length === 4");
        await page.evaluate(
          "document.querySelectorAll('#payloads details').forEach((each) => { each.open = true; })",
        );
        await page.evaluate("document.querySelector('#payloads .replay').click()");
        await page.waitUntil("document.querySelectorAll('#payloads .outcome li').length >= 4");
        assert.deepEqual(await findViolations(page), []);
        assert.ok(await isTrue('document.documentElement.scrollWidth <= innerWidth'));
        await page.press('Escape');
      });
    }
  });

  test('it breaks no rule of its own', () => {
    // That a capture is gone is a response of 404, which a browser complains of.
    const others = page
      .complaints()
      .filter((text) => !/status of 404 .*\/captures\/\d+"/.test(text));
    assert.deepEqual(others, []);
  });
});
