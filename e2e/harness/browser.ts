// A real Chromium without a window, steered over its DevTools protocol: for tests of pages. Where the machine has none, tests skip.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const PLACES = ['chromium', 'chromium-browser', 'google-chrome'];

export function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':');
  const found = folders.flatMap((folder) => PLACES.map((name) => path.join(folder, name)));
  return process.env['CHROMIUM_BIN'] ?? found.find((each) => existsSync(each));
}

export interface Page {
  /** The value of an expression in the page, as JSON carries it. */
  evaluate(expression: string): Promise<unknown>;
  /** Resolves when an expression is true. */
  waitUntil(expression: string): Promise<void>;
  press(key: Key): Promise<void>;
  /** Writes into what has the focus. */
  type(text: string): Promise<void>;
  /** Width in CSS pixels of a window of 1280; `zoom` as in the browser's menu. */
  setView(view: { readonly zoom?: number; readonly dark?: boolean }): Promise<void>;
  /** What the page complained of: exceptions, and what its policy forbade. */
  complaints(): readonly string[];
  /** A PNG. */
  screenshot(): Promise<Buffer>;
  close(): Promise<void>;
}

const KEYS = {
  Tab: { code: 9, text: '' },
  Enter: { code: 13, text: '\r' },
  Escape: { code: 27, text: '' },
  ' ': { code: 32, text: ' ' },
  ArrowDown: { code: 40, text: '' },
  Delete: { code: 46, text: '' },
};
export type Key = keyof typeof KEYS | 'Shift+Tab';
const WIDTH = 1280;
const HEIGHT = 1000;
const LIMIT_MS = 30_000;

export async function openPage(url: string): Promise<Page> {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'sgb-'));
  const child = spawn(
    findChromium() ?? 'chromium',
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const close = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await gone;
    }
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    const browser = new URL(await readAddress(child));
    const list = (await (await fetch(`http://${browser.host}/json`)).json()) as readonly {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const target = list.find(({ type }) => type === 'page');
    return await attach(new WebSocket(target?.webSocketDebuggerUrl ?? ''), url, close);
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function readAddress(child: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no Chromium:\n${output}`)), LIMIT_MS);
    child.once('exit', () => reject(new Error(`Chromium ended:\n${output}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const address = /listening on (ws:\/\/\S+)/.exec(output)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
  });
}

async function attach(socket: WebSocket, url: string, close: () => Promise<void>): Promise<Page> {
  const waiting = new Map<number, (message: BrowserMessage) => void>();
  const complaints: string[] = [];
  let nextId = 1;
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as BrowserMessage;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    else if (message.method === 'Runtime.exceptionThrown' || message.method === 'Log.entryAdded')
      complaints.push(JSON.stringify(message.params));
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', reject, { once: true });
  });
  const ask = async (method: string, params: object = {}): Promise<Record<string, unknown>> => {
    const id = nextId++;
    const { promise, resolve } = Promise.withResolvers<BrowserMessage>();
    waiting.set(id, resolve);
    socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await promise;
    waiting.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  };
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await ask('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return Object(result)['value'];
  };
  const setView: Page['setView'] = async ({ zoom = 1, dark = false }) => {
    await ask('Emulation.setDeviceMetricsOverride', {
      width: Math.round(WIDTH / zoom),
      height: Math.round(HEIGHT / zoom),
      deviceScaleFactor: zoom,
      mobile: false,
    });
    const scheme = { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' };
    await ask('Emulation.setEmulatedMedia', { features: [scheme] });
  };
  for (const domain of ['Runtime', 'Log', 'Page']) await ask(`${domain}.enable`);
  await setView({});
  await ask('Page.navigate', { url });
  return {
    evaluate,
    setView,
    waitUntil: async (expression) => {
      const until = performance.now() + LIMIT_MS;
      while ((await evaluate(expression)) !== true) {
        if (performance.now() > until)
          throw new Error(`never true: ${expression}\n${complaints.join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    press: async (key) => {
      const isShifted = key === 'Shift+Tab';
      const name = isShifted ? 'Tab' : key;
      const { code, text } = KEYS[name];
      const event = {
        key: name,
        code: name === ' ' ? 'Space' : name,
        windowsVirtualKeyCode: code,
        modifiers: isShifted ? 8 : 0,
      };
      await ask('Input.dispatchKeyEvent', { type: 'keyDown', ...event, text });
      await ask('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
    },
    type: async (text) => {
      await ask('Input.insertText', { text });
    },
    complaints: () => complaints,
    screenshot: async () =>
      Buffer.from(String((await ask('Page.captureScreenshot')).data), 'base64'),
    close: async () => {
      socket.close();
      await close();
    },
  };
}

interface BrowserMessage {
  readonly id?: number;
  readonly method?: string;
  readonly params?: object;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}
