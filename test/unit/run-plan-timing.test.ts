import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { timingOption } from '../../cli/timing-option.js';
import type { EntryDraft } from '../../harness/history/entry.js';
import { realText } from '../../harness/report/facts.js';
import { renderMarkdown } from '../../harness/report/markdown.js';
import { judge } from '../../harness/verdict/judge.js';
import { rng } from '../../sim/rng.js';
import { drawDurations, type TimingOverrides } from '../../sim/timing.js';
import { madeUpRuns, makeHistory, numbered } from '../support/histories.js';

const profile = 'zdp.success.pg';

function drawnBy(overrides: TimingOverrides, pace = 60) {
  return drawDurations(profile, 'typical', pace, rng('7', `timing ${profile}`), overrides);
}

describe('durations from a file', () => {
  const ours = { valueMs: 1_800, source: 'our staging, 3 May', observations: 1 };

  it('are used as they are, signed with their source', () => {
    const drawn = drawnBy({ [profile]: { refusedMs: ours } });
    expect(drawn.find(({ name }) => name === `${profile}.refusedMs`)).toMatchObject({
      value: 1_800,
      source: 'our staging, 3 May',
      observations: 1,
    });
  });

  it('change no other drawn value of the same seed', () => {
    const without = drawnBy({});
    const others = drawnBy({ [profile]: { refusedMs: ours } });
    const changed = others.filter(({ value }, index) => value !== without[index]?.value);
    expect(changed.map(({ name }) => name)).toEqual([`${profile}.refusedMs`]);
  });

  it('of the control plane are divided by --pace, as those of the table', () => {
    const waits = { precheckMs: { ...ours, valueMs: 120_000 } };
    expect(drawnBy({ [profile]: waits }, 60)[0]?.value).toBe(2_000);
  });

  const folder = mkdtempSync(join(tmpdir(), 'rehearse-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are refused where the file is longer than one can be, or has no end', () => {
    const long = join(folder, 'long.yaml');
    writeFileSync(long, '#'.repeat(1_000_001));
    for (const path of [long, '/dev/zero'])
      expect(() => timingOption(path)).toThrow(
        expect.objectContaining({ code: 'TIMING_FILE_INVALID' }),
      );
    expect(() => timingOption(join(folder, 'none'))).toThrow(
      expect.objectContaining({ code: 'TIMING_FILE_MISSING' }),
    );
  });
});

describe('the profile engine', () => {
  it('adds nothing, and keeps limits with the observations behind them', () => {
    const drawn = drawDurations(profile, 'engine', 60, rng('7', 'x'));
    const used = drawn.filter(({ value }) => value > 0);
    expect(used).toMatchObject([{ name: `${profile}.quietPointMs`, observations: 1 }]);
  });
});

describe('what a report says is modelled', () => {
  const clean = madeUpRuns['zdp-clean'];
  if (clean === undefined) throw new Error('no made-up run');
  const schedule = [
    ...drawnBy({}),
    ...drawDurations('zdp.fallback.pg', 'typical', 60, rng('7', '')),
  ].map(({ name, value, unit, source }) => ({ name, value, unit, source, observations: 0 }));
  const withSchedule = (gauges: EntryDraft[]) => {
    const drafts: EntryDraft[] = makeHistory(clean).map((entry) =>
      entry.kind === 'run' && entry.data.stage === 'started'
        ? { ...entry, data: { ...entry.data, schedule } }
        : entry,
    );
    return judge(numbered([...drafts.slice(0, 1), ...gauges, ...drafts.slice(1)]));
  };
  const used = (name: string): EntryDraft => ({
    atNs: 7e9,
    clock: 'harness',
    kind: 'gauge',
    subject: { cluster: 'c' },
    data: { name: `duration.${name}`, value: 1, unit: 'ms' },
  });

  const durationIn = (data: object): string =>
    'name' in data ? String(data.name).replace('duration.', '') : '';

  it('are the durations that were used, not all that were drawn', () => {
    const names = ['refusedMs', 'startingUpMs'].map((name) => used(`${profile}.${name}`));
    const report = withSchedule(names);
    expect(realText(report)[1]).toBe('modelled: 2 durations (2 of them assumed), the event texts');
    expect(report.usedDurations).toEqual(names.map(({ data }) => durationIn(data)));
    expect(renderMarkdown(report).match(/\(not used\)/g)).toHaveLength(5);
  });

  it('are all that were drawn where the history does not tell', () => {
    const report = withSchedule([]);
    expect(realText(report)[1]).toContain('modelled: 7 durations');
    expect(report.usedDurations).toBeNull();
    expect(renderMarkdown(report)).not.toContain('(not used)');
  });
});
