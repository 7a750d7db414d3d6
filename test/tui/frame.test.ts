import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../harness/history/entry.js';
import { ManualClock } from '../../sim/clock.js';
import { ScreenController } from '../../tui/controller.js';
import { keys } from '../../tui/keys.js';
import { textOf, widthOf } from '../../tui/line.js';
import { LiveSource } from '../../tui/live.js';
import { Playback } from '../../tui/playback.js';
import { type FrameLook, printedFrame } from '../../tui/printed-frame.js';
import { expectGolden } from '../support/golden.js';
import { historyNames, historyOf, withDoubt } from '../support/screen-histories.js';

const plain: FrameLook = { ascii: false, color: false, errorKinds: false };
const ascii: FrameLook = { ascii: true, color: false, errorKinds: true };

function playerOf(entries: readonly Entry[]): Playback {
  return new Playback({ clock: new ManualClock(), entries });
}

describe.each(historyNames)('the screen of %s', (name) => {
  const history = historyOf(name);
  const player = new Playback({
    clock: new ManualClock(),
    entries: history.entries,
    damage: history,
  });

  it('is as it was, at its end and on the way', () => {
    player.seek((player.t0Ns ?? player.endNs / 2) + 2.2e9);
    const mid = printedFrame(player.view, { columns: 80, rows: 24 }, plain);
    expectGolden(`${name}/frame.t0+2.2s.80x24.txt`, `${mid}\n`);
    player.seek(player.endNs);
    const end = (columns: number, rows: number, look = plain): string =>
      `${printedFrame(player.view, { columns, rows }, look)}\n`;
    expectGolden(`${name}/frame.80x24.txt`, end(80, 24));
    expectGolden(`${name}/frame.120x40.txt`, end(120, 40));
    expectGolden(`${name}/frame.80x24.ascii.txt`, end(80, 24, ascii));
  });
});

describe('whatever the size and whatever was pressed', () => {
  const pressed = keys
    .flatMap((key) => key.names)
    .filter((one) => !['q', 'ctrl+c', 'r'].includes(one));
  const size = fc.record({
    columns: fc.integer({ min: 1, max: 220 }),
    rows: fc.integer({ min: 1, max: 70 }),
  });
  const typed = fc.array(fc.constantFrom(...pressed), { maxLength: 12 });
  const sources = historyNames.map((name) => {
    const { entries } = historyOf(name);
    const live = new LiveSource(new ManualClock());
    live.take(entries);
    live.publish();
    return { live, player: playerOf(entries) };
  });

  it('no line is wider than the window, and one row of it stays empty', () => {
    fc.assert(
      fc.property(
        size,
        typed,
        fc.boolean(),
        fc.boolean(),
        fc.nat(sources.length - 1),
        (window, names, isAscii, isLive, index) => {
          const chosen = sources[index];
          if (chosen === undefined) return;
          const source = isLive ? chosen.live : chosen.player;
          const options = { source, size: window, ascii: isAscii, quit: () => undefined };
          const controller = new ScreenController(options);
          for (const one of names) controller.press(one);
          const lines = controller.lines();
          expect(lines.length).toBeLessThanOrEqual(Math.max(1, window.rows - 1));
          for (const { line } of lines) {
            expect(widthOf(line)).toBeLessThanOrEqual(window.columns);
            if (isAscii) expect(textOf(line)).toMatch(/^[\x20-\x7e]*$/);
          }
        },
      ),
      { numRuns: 80 },
    );
  });
});

describe('a picture', () => {
  it('has failed and doubtful cells as often as polls were', () => {
    const entries = withDoubt(historyOf('zdp-clean').entries, 'writer', 4);
    const { view } = ended(entries);
    const text = printedFrame(view, { columns: 80, rows: 24 }, plain);
    const row = (label: string): string =>
      text.split('\n').find((line) => line.startsWith(` ${label}`)) ?? '';
    const report = view.soFar();
    for (const [name, lane] of Object.entries(report.lanes)) {
      expect([...row(name)].filter((one) => one === '█')).toHaveLength(lane.failed);
      expect([...row(name)].filter((one) => one === '▒')).toHaveLength(lane.unknown);
    }
    expect(row('writer')).toContain('▒');
  });

  it('keeps what servers say from moving anything', () => {
    const entries = historyOf('zdp-clean').entries.map((entry) =>
      entry.kind === 'event'
        ? { ...entry, data: { ...entry.data, message: '日本語 \u001b[31m\u200b👍🏽\n done' } }
        : entry,
    );
    const text = printedFrame(ended(entries).view, { columns: 80, rows: 30 }, plain);
    expect(text).toContain('done');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u200b日👍]/u);
  });

  it('is empty of a run that has told nothing', () => {
    const text = printedFrame(playerOf([]).view, { columns: 80, rows: 24 }, plain);
    expect(text.split('\n').length).toBeLessThanOrEqual(23);
  });
});

function ended(entries: readonly Entry[]): Playback {
  const player = playerOf(entries);
  player.seek(player.endNs);
  return player;
}
