import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { footer, helpLines, keyOf, keys, keysMarkdown } from '../../tui/keys.js';
import { layout, type RowRank, type Wanted } from '../../tui/layout.js';
import { textOf, widthOf } from '../../tui/line.js';

const ranks: readonly RowRank[] = [
  ...(['lane', 'first', 'reader', 'served', 'names', 'lag', 'commits'] as const),
];

function wanted(more: Partial<Wanted> = {}): Wanted {
  const rows = ranks.map((rank) => ({ rank, keep: false }));
  const usual = { rows, events: 20, objectives: 6, panels: 6, detail: 0, lower: 'all' as const };
  return { ...usual, label: 14, ...more };
}

const rowsOf = (rows: number, columns = 120, more: Partial<Wanted> = {}) => {
  const plan = layout({ columns, rows }, wanted(more));
  if (plan === null) throw new Error('too small');
  return plan;
};

describe('the layout', () => {
  it('fits any window, and always has the first lane', () => {
    const size = fc.record({
      columns: fc.integer({ min: 60, max: 250 }),
      rows: fc.integer({ min: 12, max: 80 }),
    });
    const lower = fc.constantFrom('all' as const, 'events' as const, 'verdict' as const);
    fc.assert(
      fc.property(size, lower, fc.nat(12), fc.nat(30), (window, part, detail, lanes) => {
        const more = Array.from({ length: lanes }, () => ({ rank: 'lane' as const, keep: false }));
        const rows = [...wanted().rows, ...more];
        const plan = layout(window, wanted({ rows, detail, lower: part }));
        if (plan === null) throw new Error('too small');
        const shown = plan.rows.filter(Boolean).length;
        const height =
          2 +
          Number(plan.phases) +
          2 * Number(plan.wholeRun) +
          2 * Number(plan.ruler) +
          shown +
          Number(plan.legend) +
          plan.panels +
          plan.sessions +
          plan.detail +
          plan.events +
          plan.verdict +
          plan.topology;
        expect(height).toBeLessThanOrEqual(window.rows - 1);
        expect(plan.rows[1]).toBe(true);
        expect(plan.cellColumns).toBeGreaterThanOrEqual(10);
      }),
    );
  });

  it('lets go in its order as rows become fewer', () => {
    const gone: string[] = [];
    for (let rows = 60; rows >= 12; rows--) {
      const { wholeRun, legend, panels, sessions, rows: kept, events, verdict } = rowsOf(rows);
      const now: Record<string, boolean> = {
        'whole run': wholeRun,
        legend,
        panels: panels > 0,
        ...Object.fromEntries(ranks.map((rank, index) => [rank, kept[index] === true])),
        sessions: sessions > 0 || panels > 0,
        events: events > 0,
        'more objectives': verdict > 2,
      };
      for (const [name, isThere] of Object.entries(now))
        if (!isThere && !gone.includes(name)) gone.push(name);
    }
    expect(gone).toEqual([
      ...['whole run', 'legend', 'panels', 'names', 'commits', 'lag', 'reader', 'sessions'],
      ...['more objectives', 'events'],
    ]);
  });

  it('is one line below 60 by 12', () => {
    expect(layout({ columns: 59, rows: 40 }, wanted())).toBeNull();
    expect(layout({ columns: 120, rows: 11 }, wanted())).toBeNull();
  });

  it('keeps the lane that is selected', () => {
    const rows = ranks.map((rank) => ({ rank, keep: rank === 'lag' }));
    expect(rowsOf(12, 80, { rows, detail: 4 }).rows[ranks.indexOf('lag')]).toBe(true);
  });
});

describe('keys', () => {
  it('mean one thing each, and terminals can send them all', () => {
    for (const mode of ['live', 'replay'] as const) {
      const names = keys.filter((key) => key[mode] !== null).flatMap((key) => key.names);
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(keyOf(name, mode)?.names).toContain(name);
    }
    expect(keyOf(']', 'live')).toBeUndefined();
  });

  it('are all in the help, and as many as fit in the footer', () => {
    const help = helpLines('replay', true).map(textOf).join('\n');
    for (const key of keys) if (key.replay !== null) expect(help).toContain(key.replay);
    for (let columns = 20; columns < 200; columns++) {
      const line = footer(columns, { mode: 'live', ascii: false, lanes: 5, moves: true });
      expect(widthOf(line)).toBeLessThanOrEqual(columns);
      expect(textOf(line)).toContain('q quit');
    }
  });

  it('are in the documentation as they are here', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'screen.md'), 'utf8');
    expect(page).toContain(keysMarkdown());
  });
});
