/** A long history as one page: how long it takes, and how large it gets. */
import { embeddedText } from '../cli/embed-history.js';
import { measure } from '../harness/measure/measure.js';
import { renderHtml } from '../harness/report/html/page.js';
import { judgeMeasurement } from '../harness/verdict/judge.js';
import { systemClock } from '../sim/clock.js';
import type { Bench, Figure } from './figure.js';
import { madeUpHistory } from './made-up-history.js';

export const htmlReport: Bench = {
  name: 'html-report',
  what: 'a history of 10 minutes and 12 lanes as one page, itself in it',
  run: async ({ quick }) => {
    const size = quick ? { lanes: 12, minutes: 1 } : { lanes: 12, minutes: 10 };
    const entries = madeUpHistory(size);
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    const measurement = measure(entries);
    const report = judgeMeasurement(measurement);
    const clock = systemClock();
    const renderedMs: number[] = [];
    const sizesKb: number[] = [];
    for (let round = 0; round < (quick ? 2 : 9); round++) {
      const beginNs = clock.nowNs();
      const history = embeddedText(text);
      const page = renderHtml(report, { measurement, entries, history });
      renderedMs.push((clock.nowNs() - beginNs) / 1e6);
      sizesKb.push(Buffer.byteLength(page) / 1_000);
      if (history === null || !page.includes(history.gzipBase64))
        throw new Error('the history is not in its page');
    }
    const workload = `${size.minutes} min, ${size.lanes} lanes, ${entries.length} entries`;
    return [
      {
        name: 'page rendered, history compressed',
        workload,
        unit: 'ms',
        samples: renderedMs,
        target: { rule: '<', value: 1_000 },
      } satisfies Figure,
      {
        name: 'size of the page',
        workload,
        unit: 'kB',
        samples: sizesKb,
        target: { rule: '<', value: 1_000 },
      } satisfies Figure,
    ];
  },
};
