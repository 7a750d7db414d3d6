/** `--abort-at each`: a run for each phase, and what they give as a table. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BackOutTable } from '../../harness/report/back-out-table.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { rehearse, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());

const quick = ['--timing', 'engine', '--pace', '1000000', '--settle', '300ms'];

/** Two phases, with names of which none is put around them. */
const file = `
name: two-phases
engine: postgres
versions: { from: '17.4', to: '17.5' }
topology: { standby: false }
phases:
  - name: steady
    steps:
      - step: sql
        statements: CREATE TABLE release_notes (id int PRIMARY KEY)
        undo: [{ step: sql, name: table gone, statements: DROP TABLE release_notes }]
      - { step: wait, for: 300ms }
  - name: settle
    steps:
      - { step: operation, operation: upgrade-in-place }
      - { step: wait, for: 300ms }
    back:
      what: The snapshot from before is restored.
      steps: [{ step: restore }]
`;

describe('rehearse run --abort-at', () => {
  it('goes back from each phase, and finds where writes begin to be lost', async () => {
    writeFileSync(join(place.folder, 'two-phases.yaml'), file);
    const out = join(place.folder, 'each');
    const command = ['run', './two-phases.yaml', '--abort-at', 'each', ...quick, '--out', out];
    const reports = ['--reporter', `junit=${join(out, 'report.xml')}`];
    const { code, stdout } = await rehearse([...command, ...reports, '--json'], place.folder);
    const table = JSON.parse(stdout) as BackOutTable;
    expect(table.rows).toMatchObject([
      { phase: 'steady', serves: 'rehearsal', writesLost: 0 },
      { phase: 'settle', serves: 'rehearsal-restored' },
    ]);
    for (const row of table.rows) {
      expect(row).toMatchObject({ reached: true, possible: true, succeeded: true, why: null });
      expect(row.tookMs).toBeGreaterThan(0);
      expect(row.verdict).toBe('pass');
    }
    expect(table.rows[1]?.writesLost).toBeGreaterThan(0);
    expect(table).toMatchObject({ pointOfNoReturn: 'settle', undecided: [] });
    expect(code).toBe(0);
    // No report is written over by the next run's.
    expect(readdirSync(out).sort()).toEqual([
      'report-settle.xml',
      'report-steady.xml',
      'settle',
      'steady',
    ]);
    // Every row was run, and what was done before is undone on what serves in the end.
    const [steady, settle] = ['steady', 'settle'].map((phase) => reportOf(join(out, phase)));
    expect(steady?.notes.map(({ text }) => text).join()).toContain('sql "table gone": 1 statement');
    expect(settle?.notes.map(({ text }) => text).join()).toContain('sql "table gone": 1 statement');
    expect(settle?.rollback).toMatchObject({ restoredVersion: '17.4' });
    expect(settle?.backOut?.writesLost).toBe(settle?.rollback?.writesLost);
  });

  it('tells the rows that there are where a later run cannot be', async () => {
    writeFileSync(join(place.folder, 'two-phases.yaml'), file);
    const out = join(place.folder, 'half');
    mkdirSync(out);
    writeFileSync(join(out, 'settle'), 'no folder');
    const command = ['run', './two-phases.yaml', '--abort-at', 'each', ...quick, '--out', out];
    const { code, stdout, stderr } = await rehearse([...command, '--json'], place.folder);
    const table = JSON.parse(stdout) as BackOutTable;
    expect(table.rows.map(({ phase }) => phase)).toEqual(['steady']);
    expect(table.undecided).toEqual(['settle']);
    expect(stderr).toMatch(/^error [A-Z_]+: /m);
    expect(code).toBeGreaterThan(2);
  });

  it('refuses what cannot be', async () => {
    const unknown = await rehearse(['run', 'reboot', '--abort-at', 'patch'], place.folder);
    expect(unknown.code).toBe(64);
    expect(unknown.stderr).toContain('error PHASE_UNKNOWN');
    expect(unknown.stderr).toContain('steady, prepare, reboot, settle');
    const both = await rehearse(
      ['run', 'reboot', '--abort-at', 'each', '--rollback', '--dry-run'],
      place.folder,
    );
    expect(both.stderr).toContain('error OPTIONS_CONTRADICT');
  });
});

function reportOf(folder: string): RunReport {
  return JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8'));
}
