/** What going back to a snapshot loses: from the entries of a history alone. */
import { describe, expect, it } from 'vitest';
import { type Entry, entryVersion, parseEntry } from '../../harness/history/entry.js';
import { undamaged } from '../../harness/measure/history-gaps.js';
import { measure } from '../../harness/measure/measure.js';
import { RunningHistory } from '../../harness/measure/running-history.js';
import { renderMarkdown } from '../../harness/report/markdown.js';
import { renderSummary } from '../../harness/report/summary.js';
import { judgeMeasurement } from '../../harness/verdict/judge.js';

const ms = 1e6;
let seq = 0;

function entry(kind: string, atMs: number, data: object): Entry {
  const head = { v: entryVersion, seq: seq++, producer: 'test', atNs: atMs * ms, clock: 'harness' };
  const parsed = parseEntry({ ...head, subject: {}, kind, data });
  if (!parsed.known) throw new Error(parsed.why);
  return parsed.entry;
}

/** w1-1 to w1-10, one every 100 ms from 1000 ms on, each acknowledged 10 ms later. */
function writes(): Entry[] {
  return Array.from({ length: 10 }, (_, index) => {
    const id = `w1-${index + 1}`;
    const atMs = 1_000 + index * 100;
    return [
      entry('write', atMs, { stage: 'intent', id }),
      entry('write', atMs + 10, { stage: 'acknowledged', id }),
    ];
  }).flat();
}

const snapshot = (): Entry =>
  entry('rollback', 1_480, {
    stage: 'snapshot',
    identifier: 'before',
    frozenFromNs: 1_450 * ms,
    frozenToNs: 1_480 * ms,
  });

const restored = (changes: object = {}): Entry =>
  entry('rollback', 5_000, {
    stage: 'restored',
    cluster: 'back',
    beginNs: 4_000 * ms,
    endNs: 4_750 * ms,
    version: '17.4',
    versionText: 'PostgreSQL 17.4',
    complete: true,
    found: { w1: [[1, 5, 1]] },
    why: null,
    ...changes,
  });

const t0 = (): Entry => entry('phase', 2_000, { name: 'patch', edge: 'begin', t0: true });

describe('the rollback of a run', () => {
  it('has lost what was acknowledged and is not in the restored cluster', () => {
    const report = judgeMeasurement(measure([t0(), ...writes(), snapshot(), restored()]));
    expect(report.rollback).toEqual({
      snapshot: 'before',
      snapshotOffsetMs: -550,
      frozenMs: 30,
      cluster: 'back',
      restoreMs: 750,
      restoredVersion: '17.4',
      writesLost: 5,
      earlierWritesLost: 0,
    });
    const said = 'late writes lost by the rollback: 5, acknowledged after T0-0.6s';
    expect(renderSummary(report, { columns: 200 })).toContain(said);
    expect(renderMarkdown(report)).toContain('rollback: late writes lost by the rollback: 5');
    expect(renderSummary(report, { columns: 200 })).toContain('how long AWS takes is not modelled');
  });

  it('tells writes that a snapshot should have had', () => {
    const report = judgeMeasurement(
      measure([t0(), ...writes(), snapshot(), restored({ found: { w1: [[2, 5, 1]] } })]),
    );
    expect(report.rollback).toMatchObject({ writesLost: 6, earlierWritesLost: 1 });
    expect(renderSummary(report, { columns: 200 })).toContain(
      'writes lost by the rollback: 6, 1 of them acknowledged before the snapshot',
    );
  });

  it('is not taken for the read-back of the writer that went on', () => {
    const { ledger } = measure([...writes(), snapshot(), restored()]);
    expect(ledger).toMatchObject({ readBack: false, lost: null });
  });

  it('knows nothing of the writes where they could not be read', () => {
    const report = judgeMeasurement(
      measure([
        ...writes(),
        snapshot(),
        restored({ complete: false, found: { w1: [[1, 2, 1]] }, why: 'closed' }),
      ]),
    );
    expect(report.rollback).toMatchObject({ writesLost: null, earlierWritesLost: null });
    expect(renderSummary(report)).toContain('nothing is known of the writes');
  });

  it('says that nothing was restored', () => {
    const report = judgeMeasurement(measure([t0(), ...writes(), snapshot()]));
    expect(report.rollback).toMatchObject({ cluster: null, restoreMs: null, writesLost: null });
    expect(renderSummary(report)).toContain('nothing was restored from it');
    expect(judgeMeasurement(measure([t0(), ...writes()])).rollback).toBeNull();
  });

  it('is the same of a history that is measured as it is read, but for its instants', () => {
    const running = new RunningHistory();
    running.take([t0(), ...writes(), snapshot(), restored()], undamaged);
    const { rollback } = judgeMeasurement(running.measurement());
    expect(rollback).toMatchObject({ writesLost: 5, earlierWritesLost: null, restoreMs: 750 });
  });

  it('counts the time that the server stood still as no fault', () => {
    const gauge = (atMs: number, name: string, value: unknown): Entry =>
      entry('gauge', atMs, { name, value, unit: null });
    const { windows } = measure([
      gauge(0, 'endpoint.state', 'open'),
      gauge(1_450, 'server.frozen', 1),
      gauge(1_480, 'server.frozen', 0),
    ]);
    expect(windows?.frozen).toEqual([{ fromNs: 1_450 * ms, toNs: 1_480 * ms }]);
    expect(windows?.faults).toEqual([]);
    expect(windows?.engine).toEqual([]);
  });
});
