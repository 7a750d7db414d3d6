/** The page of a report in a browser: nothing is loaded, nothing is complained of, all is drawn. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embeddedText } from '../../cli/embed-history.js';
import { renderReport } from '../../cli/render.js';
import { measure } from '../../harness/measure/measure.js';
import { judgeMeasurement } from '../../harness/verdict/judge.js';
import { Chromium } from '../support/chromium.js';
import { madeUpRuns, makeHistory, toText } from '../support/histories.js';
import { program } from '../support/programs.js';

const path = program('chromium');
const entries = makeHistory(madeUpRuns['zdp-drops'] as (typeof madeUpRuns)[string]);
const measurement = measure(entries);
const report = judgeMeasurement(measurement);
const history = () => embeddedText(toText(entries));
const page = renderReport('html', { measurement, report, entries, history }, undefined, {});

describe('what the page holds', () => {
  it('names nothing to be loaded, and has the history whole', () => {
    expect(page.replace(/href="data:[^"]*"/g, '')).not.toMatch(
      /(src|href)="(?!#)|url\((?!#)|@import/,
    );
    const packed = /base64,([^"]*)"/.exec(page)?.[1] ?? '';
    expect(gunzipSync(Buffer.from(packed, 'base64')).toString()).toBe(toText(entries));
  });
});

describe.skipIf(path === undefined)('the page in a browser', () => {
  let folder: string;
  let browser: Chromium;
  let url: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'report-page-'));
    writeFileSync(join(folder, 'report.html'), page);
    url = pathToFileURL(join(folder, 'report.html')).href;
    browser = await Chromium.start(path ?? '');
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const backgroundOf = 'getComputedStyle(document.body).backgroundColor';

  it('asks for nothing, complains of nothing, shows the timeline: light, dark, print', async () => {
    const grounds: unknown[] = [];
    for (const [media, scheme] of [
      ['screen', 'light'],
      ['screen', 'dark'],
      ['print', 'dark'],
    ] as const) {
      const features = [{ name: 'prefers-color-scheme', value: scheme }];
      await browser.ask('Emulation.setEmulatedMedia', { media, features });
      await browser.open(url);
      grounds.push(await browser.evaluate(backgroundOf));
      const drawn = await browser.evaluate(
        "Array.from(document.querySelectorAll('svg.timeline rect.fail'))" +
          '.filter((one) => one.getBoundingClientRect().width > 0).length',
      );
      expect(drawn).toBeGreaterThan(0);
      const wide = await browser.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(wide).toBeLessThanOrEqual(0);
    }
    expect(grounds[0]).not.toBe(grounds[1]);
    expect(grounds[2]).toBe('rgb(255, 255, 255)');
    const asked = browser
      .events('Network.requestWillBeSent')
      .map(({ request }) => (request as { url: string }).url);
    expect(new Set(asked)).toEqual(new Set([url]));
    expect(browser.events('Log.entryAdded')).toEqual([]);
    expect(browser.events('Runtime.consoleAPICalled')).toEqual([]);
    expect(browser.events('Runtime.exceptionThrown')).toEqual([]);
  }, 60_000);

  it('leads from an outage in the list to its bar, and tells the time at the pointer', async () => {
    await browser.ask('Emulation.setEmulatedMedia', { media: 'screen', features: [] });
    // From the same page, a link is followed without loading anything.
    await browser.open('about:blank');
    await browser.open(`${url}#new-connection-o1`);
    expect(await browser.evaluate("document.querySelector('.outage:target') !== null")).toBe(true);
    const links = 'Array.from(document.querySelectorAll(\'a[href^="#"]\'))';
    const target = "document.querySelector(a.getAttribute('href'))";
    const missing = `${links}.filter((a) => ${target} === null)`;
    expect(await browser.evaluate(`${links}.length`)).toBeGreaterThan(1);
    expect(await browser.evaluate(`${missing}.length`)).toBe(0);
    const where = (await browser.evaluate(
      "(() => { const t = document.querySelector('svg.timeline .t0').getBoundingClientRect();" +
        ' return { x: t.x + t.width / 2, y: t.y + t.height / 2 }; })()',
    )) as { x: number; y: number };
    await browser.ask('Input.dispatchMouseEvent', { type: 'mouseMoved', ...where });
    const told = await browser.evaluate("document.getElementById('cursor').textContent");
    expect(String(told)).toMatch(/^[+-]0\.\d\ds$/);
  }, 60_000);

  it('is whole without JavaScript', async () => {
    await browser.ask('Emulation.setScriptExecutionDisabled', { value: true });
    await browser.open(url);
    await browser.ask('Emulation.setScriptExecutionDisabled', { value: false });
    const text = await browser.evaluate('document.body.innerText');
    for (const part of ['FAIL', 'Timeline', 'What clients felt', 'temporary-table', 'Download it'])
      expect(text).toContain(part);
  }, 60_000);
});
