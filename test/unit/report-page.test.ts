/** The page of a long run: how large, how fast, and what of it is drawn. */
import { describe, expect, it } from 'vitest';
import { madeUpHistory } from '../../bench/made-up-history.js';
import { embeddedText } from '../../cli/embed-history.js';
import { reporterRequest } from '../../cli/reporter-option.js';
import { reporterNames } from '../../cli/reporters.js';
import { parseHistory } from '../../harness/history/read.js';
import { measure } from '../../harness/measure/measure.js';
import { anchors } from '../../harness/report/html/anchors.js';
import { drawnLanes } from '../../harness/report/html/lane-runs.js';
import { renderHtml } from '../../harness/report/html/page.js';
import { placed } from '../../harness/report/html/placing.js';
import { judgeMeasurement } from '../../harness/verdict/judge.js';
import { systemClock } from '../../sim/clock.js';
import { toText } from '../support/histories.js';

describe('ten minutes of twelve lanes', () => {
  const text = toText(madeUpHistory({ lanes: 12, minutes: 10 }));
  const clock = systemClock();
  const beginNs = clock.nowNs();
  const { entries } = parseHistory(text);
  const measurement = measure(entries);
  const report = judgeMeasurement(measurement);
  const readNs = clock.nowNs() - beginNs;

  it('make a page of less than a megabyte with all of it inside, as fast as they are read', () => {
    const fromNs = clock.nowNs();
    const page = renderHtml(report, { measurement, entries, history: embeddedText(text) });
    expect(clock.nowNs() - fromNs).toBeLessThan(5 * readNs);
    expect(page.length).toBeLessThan(1_000_000);
    expect(page).toContain('base64,');
    for (const name of Object.keys(report.lanes)) expect(page).toContain(name);
  });

  it('are zoomed to the worst where marks are too many, and no outage is gone', () => {
    const { lanes, slowNs } = measurement;
    const whole = { fromNs: 0, toNs: 600e9 };
    for (const limit of [10_000, 60, 24, 1]) {
      const drawn = drawnLanes(lanes, slowNs, whole, limit);
      expect(drawn.worstOf > 1).toBe(limit < 60);
      for (const { lane, runs } of drawn.lanes) {
        const failed = runs.filter(({ state }) => state === 'fail');
        for (const { fails } of lane.outages) {
          const [first] = fails;
          const atNs = first?.scheduledNs ?? -1;
          expect(failed.some((run) => run.fromNs <= atNs && run.toNs >= atNs)).toBe(true);
        }
      }
    }
    const full = drawnLanes(lanes, slowNs, whole);
    for (const { lane, runs } of full.lanes)
      expect(runs.reduce((sum, { polls }) => sum + polls, 0)).toBe(lane.polls);
  });
});

describe('what is put on a page', () => {
  it('has anchors of its own, whatever the lanes are called', () => {
    const names = ['writer', 'a/writer', 'a-writer', '', '"><b>', 'ä', '1'];
    const found = [...anchors(names).values()];
    expect(new Set(found).size).toBe(names.length);
    for (const anchor of found) expect(anchor).toMatch(/^[A-Za-z][A-Za-z0-9-]*$/);
  });

  it('covers no other label', () => {
    const labels = [0, 5, 9, 10, 11, 40].map((at) => ({ at, width: 10 }));
    expect(placed(labels, 2)).toEqual([0, 1, null, 0, null, 0]);
  });
});

describe('--reporter', () => {
  it('takes a name, or a name and a path', () => {
    expect(reporterRequest('html')).toEqual({ name: 'html', path: null });
    expect(reporterRequest('junit=a=b.xml')).toEqual({ name: 'junit', path: 'a=b.xml' });
    for (const name of reporterNames) expect(reporterRequest(name).name).toBe(name);
    expect(() => reporterRequest('html=')).toThrow(/empty path/);
    expect(() => reporterRequest('pdf=x')).toThrow(/no reporter "pdf"/);
  });
});
