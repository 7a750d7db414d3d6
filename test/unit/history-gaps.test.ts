import { describe, expect, it } from 'vitest';
import type { Entry } from '../../harness/history/entry.js';
import { parseHistory } from '../../harness/history/read.js';
import { measure } from '../../harness/measure/measure.js';
import { exitCodeOf, judge, judgeMeasurement } from '../../harness/verdict/judge.js';
import { madeUpRuns, makeHistory, numbered, t0Ms, toText } from '../support/histories.js';

const clean = makeHistory(madeUpRuns['zdp-clean'] as (typeof madeUpRuns)[string]);
const lossy = makeHistory(madeUpRuns['lost-write'] as (typeof madeUpRuns)[string]);

function judged(text: string): ReturnType<typeof judge> {
  const history = parseHistory(text);
  return judgeMeasurement(measure(history.entries, history));
}

function isPoll(entry: Entry, lane: string | null, fromMs: number): boolean {
  if (entry.kind !== 'poll' || entry.data.startNs < fromMs * 1e6) return false;
  return lane === null || entry.subject.lane === lane;
}

function without(entries: readonly Entry[], gone: (entry: Entry) => boolean): Entry[] {
  return entries.filter((entry) => !gone(entry));
}

const afterServer = (entry: Entry): boolean =>
  entry.kind === 'run' && entry.data.stage === 'server' && entry.data.when === 'after';

/** What is gone, and what the reason must say when the entries left are numbered anew. */
const losses: readonly [string, (entry: Entry) => boolean, RegExp][] = [
  ['all polls after T0', (entry) => isPoll(entry, null, t0Ms), /end \d\.\d s before/],
  ['all polls', (entry) => isPoll(entry, null, 0), /lane new-connection has no polls/],
  ["a lane's polls", (entry) => isPoll(entry, 'writer', 0), /lane writer has no polls/],
  ["a lane's later polls", (entry) => isPoll(entry, 'writer', t0Ms), /lane writer end/],
  ['the observer', (entry) => isPoll(entry, 'observer', 0), /lane observer has no polls/],
  ['the server afterwards', afterServer, /after the operation was not read/],
];

describe('a completed history from which something is gone', () => {
  it('passes while it is whole', () => {
    expect(judged(toText(clean))).toMatchObject({ verdict: 'pass', gaps: [] });
  });

  it.each(losses)('is unknown without %s', (_, gone, reason) => {
    const cut = judged(toText(without(clean, gone)));
    expect(cut).toMatchObject({ verdict: 'unknown' });
    expect(cut.reason).toMatch(/\d+ entries of made-up are missing/);
    const renumbered = judged(toText(numbered(without(clean, gone))));
    expect(renumbered.verdict).toBe('unknown');
    expect(renumbered.reason).toMatch(reason);
    expect(exitCodeOf(renumbered)).toBe(2);
  });

  it('takes a final look for no tick, nor the other lanes for silent because of one', () => {
    const polls = clean.filter((entry) => isPoll(entry, 'idle-session', 0));
    const last = polls.at(-1);
    if (last?.kind !== 'poll') throw new Error('no poll');
    const atNs = last.data.startNs + 4_900e6;
    const tick = (last.data.tick ?? 0) + 1;
    const times = { tick, scheduledNs: atNs, startNs: atNs, endNs: atNs, finalCheck: true };
    const look = { ...last, atNs, data: { ...last.data, ...times } };
    const silent = without(clean, (entry) => isPoll(entry, 'idle-session', t0Ms));
    expect(judge(numbered([...silent, look])).gaps[0]).toContain('lane idle-session end');
    // A probe has no verify phase: the last tick of any lane tells when all were stopped.
    const probe = [...clean, look].filter(({ kind }) => kind !== 'phase');
    expect(judge(numbered(probe)).gaps).toEqual([]);
    const cut = [...silent, look].filter(({ kind }) => kind !== 'phase');
    expect(judge(numbered(cut)).gaps[0]).toContain('lane idle-session end');
  });

  it('is unknown without any one of its entries', () => {
    for (const gone of clean.keys())
      expect(judge(clean.filter((_, index) => index !== gone)).verdict).toBe('unknown');
  });

  it('is unknown when an entry is there twice', () => {
    const [, entry] = clean;
    if (entry === undefined) throw new Error('empty');
    expect(judge([...clean, entry]).reason).toContain('twice');
  });

  it('is unknown with unreadable lines, also where nothing is missing for it', () => {
    const lines = toText(clean).split('\n');
    const spoilt = lines.with(50, '{garbage').join('\n');
    expect(judged(spoilt)).toMatchObject({ verdict: 'unknown' });
    const added = judged(lines.toSpliced(50, 0, 'not json').join('\n'));
    expect(added.reason).toContain('1 lines of the history are not readable');
    expect(judged(`${toText(clean)}{"v":1,"se`).reason).toContain('torn');
  });

  it('passes with entries of a kind that the reader does not know', () => {
    const next = { ...clean.at(-1), seq: clean.length, kind: 'weather', data: {} };
    for (const strange of [next, { ...next, v: 2 }])
      expect(judged(`${toText(clean)}${JSON.stringify(strange)}\n`)).toMatchObject({
        verdict: 'pass',
        gaps: [],
      });
  });

  it('has nothing to judge, yet exits 2, without objectives', () => {
    const options = { objectives: [] };
    expect(exitCodeOf(judge(clean, options))).toBe(0);
    expect(exitCodeOf(judge(clean.slice(1, -1), options))).toBe(2);
    expect(exitCodeOf(judge(without(clean, afterServer), options))).toBe(2);
  });
});

/** The text of the clean run, every entry that `which` picks written as another version might. */
function rewritten(
  which: (entry: Entry) => boolean,
  as: (entry: Entry) => unknown,
): ReturnType<typeof judge> {
  const lines = clean.map((entry) => JSON.stringify(which(entry) ? as(entry) : entry));
  return judged(`${lines.join('\n')}\n`);
}

describe('an entry of a known kind that cannot be read', () => {
  const isFailed = (entry: Entry): boolean =>
    entry.kind === 'poll' && entry.data.outcome === 'fail';
  const failed = clean.filter((entry) => isFailed(entry)).length;
  const withData = (more: object) => (entry: Entry) => ({
    ...entry,
    data: { ...entry.data, ...more },
  });

  it('is a failed poll still where only the error is of another version', () => {
    const expected = judge(clean).lanes['new-connection'];
    const strangers = [
      { kind: 'quota-exceeded', sqlstate: null, code: null, message: 'no more' },
      { kind: 7, sqlstate: [], code: {}, errorNumber: 'x', message: null },
      { text: 'of another shape' },
      'a text',
    ];
    for (const error of strangers) {
      const report = rewritten(isFailed, withData({ error }));
      const lane = report.lanes['new-connection'];
      expect(lane).toMatchObject({ failed: expected?.failed, downtime: expected?.downtime });
      expect(lane?.outages[0]?.errorKinds).toMatchObject([{ kind: 'other' }]);
      expect(report.gaps).toEqual([]);
    }
  });

  it.each<[string, (entry: Entry) => boolean, object]>([
    ['polls without a time', isFailed, { endNs: 2 ** 53 }],
    ['polls of another outcome', isFailed, { outcome: 'degraded' }],
    ['writes of another stage', ({ kind }) => kind === 'write', { stage: 'parked' }],
    ['sessions of another stage', ({ kind }) => kind === 'session', { stage: 'moved' }],
    ['an impossible read-back', ({ data }) => 'found' in data, { found: { w1: [[9, 3, 1]] } }],
  ])('leaves the verdict unknown, and is counted: %s', (_, which, data) => {
    const report = rewritten(which, withData(data));
    expect(report.verdict).toBe('unknown');
    const count = clean.filter(which).length;
    const { kind } = clean.find(which) ?? { kind: '' };
    expect(report.gaps[0]).toBe(
      `${count} ${count === 1 ? 'entry' : 'entries'} of a known kind cannot be read by this ` +
        `version (${kind}: ${count})`,
    );
  });

  it('is one of another version too, or one without a head, or none at all', () => {
    const other = rewritten(isFailed, (entry) => ({ ...entry, v: 2 }));
    expect(other.reason).toContain(`${failed} entries of a known kind`);
    const headless = rewritten(isFailed, ({ kind, seq }) => ({ kind, seq, producer: 'made-up' }));
    expect(headless.reason).toContain(`${failed} entries of a known kind`);
    expect(judged(`${toText(clean)}7\n{}\n`).gaps).toEqual([
      '2 lines of the history are not readable',
    ]);
  });
});

describe('certain data loss', () => {
  const crashed = (entries: readonly Entry[]): Entry[] => {
    const last = entries.at(-1);
    if (last === undefined) throw new Error('empty');
    const data = { level: 'error' as const, code: 'checker-failed', text: 'it crashed' };
    return numbered([...entries, { ...last, kind: 'note', data }]);
  };

  it('fails whatever else went wrong or is missing', () => {
    expect(judge(crashed(lossy))).toMatchObject({ verdict: 'fail' });
    const cut = judge(without(lossy, afterServer));
    expect(cut).toMatchObject({ verdict: 'fail' });
    expect(cut.reason).toMatch(/data at stake.*the history is not whole/);
  });

  it('is not judged where the run did not complete or more entries could meet the limit', () => {
    const stopped = lossy.map((entry) =>
      entry.kind === 'run' && entry.data.stage === 'finished'
        ? { ...entry, data: { ...entry.data, completed: false } }
        : entry,
    );
    expect(judge(stopped).verdict).toBe('unknown');
    const open = judge(without(lossy, afterServer), { objectives: ['writes.lost >= 5'] });
    expect(open.verdict).toBe('unknown');
  });
});

describe('a session that was there at T0', () => {
  const objectives = ['sessions.dropped <= 5'];
  const fateless = numbered(
    without(
      clean,
      ({ kind, subject, data }) =>
        kind === 'session' && subject.session === 's5' && data.stage === 'preserved',
    ),
  );

  it('leaves sessions undecided without a fate', () => {
    expect(judge(clean, { objectives }).verdict).toBe('pass');
    for (const metric of ['dropped <= 5', 'present == 5', 'preserved >= 1', 'reconnected == 0'])
      expect(judge(fateless, { objectives: [`sessions.${metric}`] }).verdict).toBe('unknown');
  });

  it('still fails for what is certain', () => {
    const failed = judge(fateless, { objectives: ['sessions.preserved <= 3'] });
    expect(failed.verdict).toBe('fail');
  });

  it('may have left by itself', () => {
    const closed = clean.map((entry) =>
      entry.kind === 'session' && entry.subject.session === 's5' && entry.data.stage === 'preserved'
        ? { ...entry, data: { ...entry.data, stage: 'closed' as const } }
        : entry,
    );
    expect(judge(closed, { objectives })).toMatchObject({
      verdict: 'pass',
      sessions: { present: 5, preserved: 4, dropped: 0 },
    });
  });

  it('stays dropped whatever is told of it later', () => {
    const drop = clean.find(
      (entry) => entry.kind === 'session' && entry.data.stage === 'preserved',
    );
    if (drop?.kind !== 'session') throw new Error('no session');
    const early = {
      ...drop,
      atNs: drop.atNs - 1,
      data: { ...drop.data, stage: 'dropped' as const },
    };
    expect(judge(numbered([...clean, early])).sessions).toMatchObject({ dropped: 1 });
  });
});
