import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const browserPath: string | undefined = BROWSERS.find((path) => existsSync(path));
/** Why the tests of this folder are left out; '' where they run. */
export const noBrowser: string = browserPath ? '' : ` (skipped: none of ${BROWSERS.join(', ')})`;

export interface Viewport {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
  /** Print styles instead of a screen's. */
  readonly print?: boolean;
}

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly request?: { readonly url: string };
    readonly entry?: { readonly text: string };
  };
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** One page of a headless Chromium, driven over the DevTools protocol. */
export class BrowserPage implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #next = 1;
  /** Addresses that the page asked for, its own first. */
  readonly requests: string[] = [];
  /** What the browser had to say: refusals of the policy, script errors. */
  readonly log: string[] = [];

  private constructor(process: ChildProcess, profile: string, socket: WebSocket) {
    this.#process = process;
    this.#profile = profile;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data)) as Reply));
  }

  static async open(): Promise<BrowserPage> {
    const profile = mkdtempSync(join(tmpdir(), 'assayer-chromium-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run'];
    const browser = spawn(
      browserPath as string,
      [...flags, `--user-data-dir=${profile}`, '--remote-debugging-port=0', 'about:blank'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const port = await new Promise<string>((resolve, reject) => {
      let said = '';
      browser.on('error', reject);
      browser.on('exit', (code) => reject(new Error(`chromium ended with ${code}: ${said}`)));
      browser.stderr.on('data', (chunk: Buffer) => {
        said += chunk;
        const found = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(said);
        if (found) resolve(found[1]);
      });
    });
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const target = targets.find(({ type }) => type === 'page');
    const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '');
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    const page = new BrowserPage(browser, profile, socket);
    for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await page.send(`${domain}.enable`);
    return page;
  }

  send(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) =>
        error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result ?? {}),
      );
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** Shows a file at a size, once it has been laid out. */
  async show(url: string, { width, scheme, print = false }: Viewport): Promise<void> {
    const metrics = { width, height: 900, deviceScaleFactor: 1, mobile: width < 500 };
    await this.send('Emulation.setDeviceMetricsOverride', metrics);
    const features = [{ name: 'prefers-color-scheme', value: scheme }];
    await this.send('Emulation.setEmulatedMedia', { media: print ? 'print' : 'screen', features });
    this.requests.length = 0;
    this.log.length = 0;
    await this.send('Page.navigate', { url });
    while ((await this.evaluate('document.readyState + location.href')) !== `complete${url}`) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The value of an expression in the page; what tools evaluate is not bound by the page's policy. */
  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.send('Runtime.evaluate', { expression, returnByValue: true });
    return (result as { value?: unknown }).value;
  }

  /** The whole page as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { captureBeyondViewport: true });
    return Buffer.from(String(data), 'base64');
  }

  /** The page as PDF on the paper that its styles ask for. */
  async pdf(): Promise<Buffer> {
    await this.send('Emulation.setEmulatedMedia', { media: 'print' });
    const { data } = await this.send('Page.printToPDF', { preferCSSPageSize: true });
    return Buffer.from(String(data), 'base64');
  }

  #receive({ id, method, params, result, error }: Reply): void {
    if (method === 'Network.requestWillBeSent') this.requests.push(params?.request?.url ?? '');
    if (method === 'Log.entryAdded') this.log.push(params?.entry?.text ?? '');
    if (id === undefined) return;
    this.#waiting.get(id)?.({ ...(result && { result }), ...(error && { error }) });
    this.#waiting.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#socket.close();
    this.#process.kill();
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
