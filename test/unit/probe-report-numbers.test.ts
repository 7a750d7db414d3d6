import { describe, expect, it } from 'vitest';
import type { Entry, Failure } from '../../harness/history/entry.js';
import { measure } from '../../harness/measure/measure.js';
import { errorsText } from '../../harness/report/facts.js';
import { LaneState } from '../../harness/report/lane-state.js';
import { judgeMeasurement } from '../../harness/verdict/judge.js';
import { madeUpRuns, makeHistory } from '../support/histories.js';

const readOnly: Failure = {
  kind: 'read-only',
  sqlstate: 'HY000',
  code: 'ER_OPTION_PREVENTS_STATEMENT',
  errorNumber: 1290,
  message: 'the server runs with --read-only',
};

/** A made-up history whose failures are all one of MySQL's. */
function failing(error: Failure): Entry[] {
  const run = madeUpRuns['zdp-clean'];
  if (run === undefined) throw new Error('no such history');
  return makeHistory(run).map((entry) =>
    entry.kind === 'poll' && entry.data.error !== null
      ? { ...entry, data: { ...entry.data, error } }
      : entry,
  );
}

describe("an engine's own error numbers", () => {
  it('stand in the report of an outage, in place of an SQLSTATE that says nothing', () => {
    const report = judgeMeasurement(measure(failing(readOnly)));
    const [outage] = report.lanes['new-connection']?.outages ?? [];
    expect(outage).toMatchObject({ sqlstates: ['HY000'], errorNumbers: [1290] });
    if (outage !== undefined) expect(errorsText(outage)).toMatch(/read-only \d+.*; error 1290$/);
  });

  it('are absent where the engine has none', () => {
    const { errorNumber: _, ...refused } = readOnly;
    const report = judgeMeasurement(measure(failing({ ...refused, sqlstate: '25006' })));
    const [outage] = report.lanes['new-connection']?.outages ?? [];
    expect(outage).not.toHaveProperty('errorNumbers');
    if (outage !== undefined) expect(errorsText(outage)).toMatch(/; SQLSTATE 25006$/);
  });

  it('tell one failure of a lane from the next', () => {
    const lane = new LaneState(1e9);
    const poll = (startNs: number, error: Failure) => {
      const times = { tick: 0, scheduledNs: startNs, startNs, endNs: startNs + 1 };
      return lane.take({ ...times, outcome: 'fail', error, server: null });
    };
    expect(poll(0, readOnly)).toMatchObject({
      word: 'DOWN',
      text: 'read-only 1290: the server runs with --read-only',
    });
    expect(poll(1, readOnly)).toBeNull();
    expect(poll(2, { ...readOnly, errorNumber: 1836 })?.text).toContain('1836');
  });

  it('do not call the time that polls failed for the length of the outage', () => {
    const lane = new LaneState(1e9);
    const poll = (startNs: number, error: Failure | null) => {
      const times = { tick: 0, scheduledNs: startNs, startNs, endNs: startNs + 1e6 };
      const outcome = error === null ? 'ok' : 'fail';
      return lane.take({ ...times, outcome, error, server: null });
    };
    poll(0, readOnly);
    expect(poll(2e9, null)).toEqual({ word: 'UP', text: '1ms, polls failed for 2.0s' });
  });
});
