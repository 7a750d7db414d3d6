/** A rehearsal as a change request, as JUnit, and as the log of a workflow. */
import { describe, expect, it } from 'vitest';
import { renderReport } from '../../cli/render.js';
import type { Entry } from '../../harness/history/entry.js';
import { measure } from '../../harness/measure/measure.js';
import { notRehearsed } from '../../harness/report/not-rehearsed.js';
import { judgeMeasurement } from '../../harness/verdict/judge.js';
import { madeUpRuns, makeHistory } from '../support/histories.js';

const always = ['size', 'instance class', 'cold cache', 'plan changes', 'network', 'IAM'];

function shown(name: 'change' | 'junit' | 'github', entries: readonly Entry[]): string {
  const measurement = measure(entries);
  const report = judgeMeasurement(measurement);
  const judged = { measurement, report, entries, history: () => null };
  return renderReport(name, judged, undefined, { ascii: true });
}

const made = (name: string): Entry[] =>
  makeHistory(madeUpRuns[name] as (typeof madeUpRuns)[string]);

/** The same with a procedure, ranges and a check in it. */
function documented(): Entry[] {
  const entries = made('zdp-clean').map((entry): Entry => {
    if (entry.kind !== 'run' || entry.data.stage !== 'started') return entry;
    const [first, ...rest] = entry.data.schedule;
    if (first === undefined) return entry;
    const range = { what: 'dials are refused', kind: 'outage', typicalMs: 930, stressMs: 9_000 };
    return {
      ...entry,
      data: {
        ...entry.data,
        schedule: [{ ...first, ...range }, ...rest],
        procedure: {
          summary: 'A patch.',
          phases: [
            { name: 'steady', what: 'All is well.', t0: false, steps: ['wait 6s'], back: null },
            {
              name: 'patch',
              what: 'It is patched.',
              t0: true,
              steps: ['finish zero-downtime-patch'],
              back: { possible: false, what: 'There is none but a snapshot [docs].' },
            },
            { name: 'never', what: 'Not come to.', t0: false, steps: [], back: null },
          ],
          real: ['two servers'],
          modelled: ['all lengths'],
          sources: [{ label: 'docs', where: 'AuroraUserGuide/a.html' }],
        },
      },
    };
  });
  const check = { name: 'low traffic', when: 'before', state: 'warning', detail: '120 queries/s' };
  return entries.map((entry) =>
    entry.kind === 'phase' && entry.data.name === 'steady'
      ? {
          ...entry,
          kind: 'note',
          data: { level: 'info', code: 'check', text: 'checked', check },
        }
      : entry,
  );
}

/** The text under a heading, up to the next one. */
function under(text: string, heading: string): string {
  return text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
}

describe('the change report', () => {
  const text = shown('change', documented());

  it('tells the steps, which of them clients feel, and what was told meanwhile', () => {
    const steps = under(text, 'Steps');
    expect(steps).toMatch(/^1\. \*\*steady\*\*: All is well\./m);
    expect(steps).toMatch(/2\. \*\*patch\*\*: It is patched\. From here on clients feel it\./);
    expect(steps).toMatch(/3\. \*\*never\*\*.*\n {3}- in the rehearsal: not reached/);
    expect(steps).toContain('began at T0+0.0s, took 4.0s');
    expect(steps).toContain('cluster event: "Attempting to upgrade');
  });

  it('asks before, says when to stop, and how to go back', () => {
    expect(under(text, 'Go or no-go, before the first step')).toMatch(
      /- \[ \] Check "low traffic" is ok\. In the rehearsal: warning, 120 queries/,
    );
    const abort = under(text, 'Abort criteria');
    for (const objective of madeUpRuns['zdp-clean']?.objectives ?? [])
      expect(abort).toContain(`\`${objective}\``);
    expect(under(text, 'Back-out')).toMatch(/patch \| no \| There is none but a snapshot/);
  });

  it('gives the range from typical to stress, and what was felt', () => {
    const range = under(text, 'What to expect');
    expect(range).toMatch(/\| dials are refused \| clients \| 930ms \| 9\.0s \| 900ms \| 1 \|/);
    expect(range).toContain('930ms typical, 9.0s stress');
    expect(range).toMatch(/\| new-connection \| 2\.\ds/);
  });

  it.each([...Object.keys(madeUpRuns), 'nothing at all'])('always has gaps: %s', (name) => {
    const entries = name in madeUpRuns ? made(name) : [];
    const told = under(shown('change', entries), 'Not rehearsed');
    for (const what of always) expect(told).toContain(`- **${what}**: `);
    expect(notRehearsed(judgeMeasurement(measure(entries))).length).toBeGreaterThan(always.length);
  });

  it('says that sessions, defects and the way back were not, where they were not', () => {
    const told = under(text, 'Not rehearsed');
    for (const what of ['your sessions', 'your application', 'the restore of a snapshot'])
      expect(told).toContain(`**${what}**`);
  });
});

describe('the JUnit report', () => {
  const count = (text: string, tag: string): number => text.split(`<${tag} `).length - 1;

  it.each([
    ['zdp-clean', 'pass'],
    ['zdp-drops', 'fail'],
    ['observer-stall', 'unknown'],
  ])('has a case for each objective: %s', (name, verdict) => {
    const entries = made(name);
    const report = judgeMeasurement(measure(entries));
    expect(report.verdict).toBe(verdict);
    const text = shown('junit', entries);
    expect(count(text, 'testcase')).toBe(report.objectives.length + 1);
    const of = (verdictOf: string): number =>
      report.objectives.filter((one) => one.verdict === verdictOf).length;
    expect(count(text, 'failure')).toBe(of('fail'));
    expect(count(text, 'error')).toBe(of('unknown'));
    const counted = `failures="${of('fail')}" errors="${of('unknown')}"`;
    expect(text.split(counted)).toHaveLength(3);
  });

  it('is no success where the history breaks off, whatever was met', () => {
    const text = shown('junit', made('zdp-clean').slice(0, -1));
    expect(count(text, 'error')).toBeGreaterThan(0);
    expect(text).toContain('<error message="the history breaks off');
  });
});

describe('the report to a workflow', () => {
  it('has an annotation for what is not met, and a group', () => {
    const text = shown('github', made('zdp-drops'));
    expect(text).toMatch(/^::group::rehearse aurora-postgres-zdp: fail$/m);
    expect(text).toMatch(/^::endgroup::$/m);
    expect(text).toMatch(/^::error title=rehearse aurora-postgres-zdp::sessions\.dropped == 0: 2/m);
    expect(text).not.toContain('::notice');
  });

  it('has a notice where all is met, and a word where the run broke off', () => {
    expect(shown('github', made('zdp-clean'))).toMatch(
      /^::notice title=.*::5 of 5 objectives met$/m,
    );
    const broken = shown('github', made('zdp-clean').slice(0, -1));
    expect(broken).toMatch(/^::warning title=.*UNKNOWN the history breaks off/m);
  });
});
