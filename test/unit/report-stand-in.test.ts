import { describe, expect, it } from 'vitest';
import type { Entry, EntryDraft } from '../../harness/history/entry.js';
import { measure } from '../../harness/measure/measure.js';
import { renderLines } from '../../harness/report/lines.js';
import { renderMarkdown } from '../../harness/report/markdown.js';
import { checksTexts } from '../../harness/report/rehearsed.js';
import { renderSummary } from '../../harness/report/summary.js';
import { exitCodeOf, judge, judgeMeasurement } from '../../harness/verdict/judge.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { madeUpRuns, makeHistory, numbered } from '../support/histories.js';

type Started = Extract<Extract<Entry, { kind: 'run' }>['data'], { stage: 'started' }>;

/** A made-up run whose beginning is changed, with notes put before its end. */
function history(
  name: keyof typeof madeUpRuns,
  change: (started: Started) => Partial<Started>,
  notes: readonly EntryDraft[] = [],
): Entry[] {
  const run = madeUpRuns[name];
  if (run === undefined) throw new Error(`no made-up run ${name}`);
  const entries = makeHistory(run).map((entry): Entry => {
    if (entry.kind !== 'run' || entry.data.stage !== 'started') return entry;
    return { ...entry, data: { ...entry.data, ...change(entry.data) } };
  });
  return numbered([...entries.slice(0, -1), ...notes, ...entries.slice(-1)]);
}

const served = (accepted: boolean | null) => (started: Started) => ({
  engine:
    started.engine === null
      ? null
      : {
          ...started.engine,
          engine: 'aurora-mysql',
          served: {
            engine: 'mariadb',
            from: '10.11',
            to: '11.8',
            match: 'stand-in',
            why: 'docker MariaDB 10.11 -> 11.8 stands in for MySQL 8.0.32 -> 8.0.36',
          },
          substitute:
            accepted === null ? null : { why: 'MariaDB 10.11 stands in for MySQL 8.0', accepted },
        },
});

describe('a stand-in', () => {
  it('caps the verdict at unknown: what would pass proves nothing of what was asked for', () => {
    const report = judge(history('zdp-clean', served(false)));
    expect(report.verdict).toBe('unknown');
    expect(exitCodeOf(report)).toBe(2);
    expect(report.reason).toContain('MariaDB 10.11 stands in for MySQL 8.0');
    expect(report.reason).toContain('--accept-substitute');
    expect(report.objectives.every(({ verdict }) => verdict === 'pass')).toBe(true);
  });

  it('is judged like any other once it is accepted', () => {
    const report = judge(history('zdp-clean', served(true)));
    expect(report).toMatchObject({ verdict: 'pass', substitute: { accepted: true } });
  });

  it('does not make a failure of something else', () => {
    expect(judge(history('lost-write', served(false))).verdict).toBe('fail');
    expect(judge(history('zdp-drops', served(false))).verdict).toBe(
      judge(history('zdp-drops', served(null))).verdict,
    );
  });

  it('is told in the document, the summary, the markdown and the lines', () => {
    const entries = history('zdp-clean', served(false));
    const measurement = measure(entries);
    const report = judgeMeasurement(measurement);
    expect(report.servers.served).toMatchObject({ engine: 'mariadb', provider: 'embedded' });
    const summary = renderSummary(report);
    expect(summary).toContain('aurora-mysql 17.4 → 17.5 on MariaDB 17.4 → 17.5 (stand-in)');
    expect(summary).toContain('not accepted: MariaDB 10.11 stands in for MySQL 8.0');
    expect(renderMarkdown(report)).toContain('servers: docker MariaDB 10.11 -> 11.8 stands in');
    expect(renderLines(entries, report, {})).toContain('# servers: docker MariaDB 10.11 -> 11.8');
  });

  it('is not there where what was asked for served', () => {
    const report = judge(history('zdp-clean', served(null)));
    expect(report).toMatchObject({ verdict: 'pass', substitute: null });
    expect(renderSummary(report)).not.toContain('stand-in');
  });
});

describe('published defects of the version before', () => {
  const defects = [
    { name: 'zdp-hang', what: 'It hangs.', source: 's1', fixedIn: ['3.04.4'], exercised: true },
    { name: 'tls-transaction', what: 'It fails.', source: 's2', fixedIn: [], exercised: false },
  ];

  it('are listed, exercised or not', () => {
    const report = judge(history('zdp-clean', () => ({ defects })));
    expect(report.defects).toEqual(defects);
    const summary = renderSummary(report).replace(/\s+/g, ' ');
    expect(summary).toContain('2 defects published for 17.4.5; exercised: zdp-hang');
    expect(summary).toContain('zdp-hang (mended in 3.04.4), tls-transaction');
    const markdown = renderMarkdown(report);
    expect(markdown).toContain('tls-transaction, not exercised: It fails. \\[s2\\]');
    expect(markdown).toContain('zdp-hang (mended in 3.04.4), exercised: It hangs. \\[s1\\]');
  });
});

describe('named checks', () => {
  const check = (name: string, state: string, detail: string): EntryDraft => ({
    atNs: 5e9,
    clock: 'harness',
    kind: 'note',
    subject: {},
    data: {
      level: state === 'ok' ? 'info' : 'warning',
      code: 'check',
      text: `before, ${name}: ${state}: ${detail}`,
      check: { name, when: 'before', state, detail },
    },
  });

  it('are listed, what is not well first, and leave the verdict alone', () => {
    const notes = [
      check('no user locks', 'ok', '0 locks'),
      check('low traffic', 'warning', '900 queries/s'),
    ];
    const report = judge(history('zdp-clean', () => ({}), notes));
    expect(report.verdict).toBe('pass');
    expect(report.checks.map(({ name, state }) => [name, state])).toEqual([
      ['no user locks', 'ok'],
      ['low traffic', 'warning'],
    ]);
    const summary = renderSummary(report);
    expect(summary).toContain('checks    before, low traffic: warning: 900 queries/s');
    expect(summary).toContain('ok: no user locks');
    expect(summary.match(/900 queries/g)).toHaveLength(1);
    expect(renderMarkdown(report)).toContain('before, no user locks: ok: 0 locks');
  });

  it('rows that are the same are not told as all there is where writes were lost', () => {
    const report = judge(
      history('zdp-clean', () => ({}), [check('compare rows', 'ok', '1 table')]),
    );
    const writes = (lost: number): RunReport['writes'] =>
      report.writes === null ? null : { ...report.writes, lost };
    expect(checksTexts({ ...report, writes: writes(0) })).toEqual(['ok: compare rows']);
    expect(report.writes).not.toBeNull();
    expect(checksTexts({ ...report, writes: writes(18) })).toEqual([
      'ok: compare rows',
      'not the same for all that: 18 writes of the ledger, which compare rows leaves out, ' +
        'were lost',
    ]);
  });
});
