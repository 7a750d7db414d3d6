/** A browser without a window, driven through its own protocol over two pipes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

type Answer = Readonly<Record<string, unknown>>;
interface Told {
  readonly method: string;
  readonly params: Answer;
}

const answerLimitMs = 30_000;

export class Chromium {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #waiting = new Map<number, (answer: Answer | Error) => void>();
  readonly #told: Told[] = [];
  #next = 1;
  #session: string | undefined;

  private constructor(path: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'chromium-'));
    this.#child = spawn(
      path,
      [
        ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
        ...['--no-first-run', '--disable-background-networking', '--disable-component-update'],
        ...['--disable-sync', '--remote-debugging-pipe', `--user-data-dir=${this.#folder}`],
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    let rest = '';
    const reading = this.#child.stdio[4] as Readable;
    reading.setEncoding('utf8');
    reading.on('data', (text: string) => {
      const parts = (rest + text).split('\0');
      rest = parts.pop() ?? '';
      for (const part of parts) this.#take(JSON.parse(part));
    });
    this.#child.on('exit', () => {
      for (const end of this.#waiting.values()) end(new Error('the browser has ended'));
    });
  }

  /** Starts it with one page. */
  static async start(path: string): Promise<Chromium> {
    const browser = new Chromium(path);
    const { targetId } = await browser.ask('Target.createTarget', { url: 'about:blank' });
    const attached = await browser.ask('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = String(attached.sessionId);
    for (const domain of ['Page', 'Network', 'Runtime', 'Log'])
      await browser.ask(`${domain}.enable`);
    return browser;
  }

  /** @throws Error with what the browser says */
  ask(method: string, params: Answer = {}): Promise<Answer> {
    const id = this.#next++;
    const sessionId = this.#session;
    const pipe = this.#child.stdio[3] as Writable;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${method}`)), answerLimitMs);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      });
      pipe.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
    });
  }

  /** Opens an address and waits until it is loaded. */
  async open(url: string): Promise<void> {
    const before = this.events('Page.loadEventFired').length;
    await this.ask('Page.navigate', { url });
    for (let turn = 0; turn < answerLimitMs / 20; turn++) {
      if (this.events('Page.loadEventFired').length > before) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${url} was not loaded`);
  }

  /** What an expression gives in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.ask('Runtime.evaluate', {
      ...{ expression, returnByValue: true, awaitPromise: true },
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value?: unknown }).value;
  }

  /** What the browser told of that kind since it was started. */
  events(method: string): Answer[] {
    return this.#told.filter((one) => one.method === method).map(({ params }) => params);
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #take(message: {
    id?: number;
    method?: string;
    result?: Answer;
    error?: Answer;
    params?: Answer;
  }) {
    const { id, method, result = {}, error, params = {} } = message;
    if (method !== undefined) this.#told.push({ method, params });
    if (id === undefined) return;
    const failed = error === undefined ? null : new Error(String(error.message));
    this.#waiting.get(id)?.(failed ?? result);
  }
}
