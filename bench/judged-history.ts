/** A long history from its text to the text of its report. */
import { parseHistory } from '../harness/history/read.js';
import { measure } from '../harness/measure/measure.js';
import { renderLines } from '../harness/report/lines.js';
import { renderSummary } from '../harness/report/summary.js';
import { judgeMeasurement } from '../harness/verdict/judge.js';
import { systemClock } from '../sim/clock.js';
import type { Bench, Figure } from './figure.js';
import { madeUpHistory } from './made-up-history.js';

export const judgedHistory: Bench = {
  name: 'judged-history',
  what: 'a history of 10 minutes and 12 lanes measured, judged and rendered',
  run: async ({ quick }) => {
    const size = quick ? { lanes: 12, minutes: 1 } : { lanes: 12, minutes: 10 };
    const entries = madeUpHistory(size);
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    const clock = systemClock();
    const readMs: number[] = [];
    const renderedMs: number[] = [];
    for (let round = 0; round < (quick ? 2 : 9); round++) {
      const beginNs = clock.nowNs();
      const history = parseHistory(text);
      const readNs = clock.nowNs();
      const measurement = measure(history.entries, history);
      const report = judgeMeasurement(measurement);
      const summary = renderSummary(report, { measurement });
      const lines = renderLines(history.entries, report);
      renderedMs.push((clock.nowNs() - readNs) / 1e6);
      readMs.push((readNs - beginNs) / 1e6);
      const passed = report.objectives.filter(({ verdict }) => verdict === 'pass').length;
      if (history.entries.length !== entries.length || passed === 0 || report.verdict === 'fail')
        throw new Error(`the history was not read whole, or not judged: ${report.reason}`);
      if (summary.length === 0 || lines.length === 0) throw new Error('nothing was rendered');
    }
    const workload = `${size.minutes} min, ${size.lanes} lanes, ${entries.length} entries`;
    return [
      {
        name: 'history measured, judged, rendered',
        workload,
        unit: 'ms',
        samples: renderedMs,
        target: { rule: '<', value: 1_000 },
      } satisfies Figure,
      { name: 'the same history read', workload, unit: 'ms', samples: readMs, target: null },
    ];
  },
};
