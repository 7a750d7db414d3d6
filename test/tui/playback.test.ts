import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../harness/history/entry.js';
import { parseHistory } from '../../harness/history/read.js';
import { ManualClock } from '../../sim/clock.js';
import { LiveSource } from '../../tui/live.js';
import { Playback } from '../../tui/playback.js';
import { printedFrame } from '../../tui/printed-frame.js';
import { historyNames, historyOf, historyText } from '../support/screen-histories.js';

const look = { ascii: false, color: false, errorKinds: false };
const sizes = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
];

/** The picture that a run under way ends with: its entries come in pieces, as a file grows. */
function liveEnd(entries: readonly Entry[], pieces: readonly number[]): string[] {
  const live = new LiveSource(new ManualClock());
  let from = 0;
  for (const length of pieces) {
    live.take(entries.slice(from, from + length));
    live.publish();
    from += length;
  }
  live.take(entries.slice(from));
  live.publish();
  return sizes.map((size) => printedFrame(live.view, size, look));
}

function replayEnd(entries: readonly Entry[], stops: readonly number[] = []): string[] {
  const player = new Playback({ clock: new ManualClock(), entries });
  for (const share of stops) player.seek(share * player.endNs);
  player.seek(player.endNs);
  return sizes.map((size) => printedFrame(player.view, size, look));
}

describe.each(historyNames)('a replay of %s', (name) => {
  const { entries } = historyOf(name);

  it('ends in the picture that the run ended in', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 5 });
    fc.assert(
      fc.property(pieces, (lengths) => {
        expect(liveEnd(entries, lengths)).toEqual(replayEnd(entries));
      }),
      { numRuns: 2 },
    );
  });
});

describe('a replay', () => {
  const { entries } = historyOf('zdp-drops');

  it('shows the same at an instant, wherever it came from', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(share, { maxLength: 6 }), (stops) => {
        expect(replayEnd(entries, stops)).toEqual(replayEnd(entries));
      }),
      { numRuns: 8 },
    );
  });

  it('shows a history that breaks off anywhere, up to its last whole entry', () => {
    const bytes = Buffer.from(historyText('zdp-clean'));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length }), (at) => {
        const history = parseHistory(bytes.subarray(0, at).toString('utf8'));
        const player = new Playback({
          clock: new ManualClock(),
          entries: history.entries,
          damage: history,
        });
        player.seek(player.endNs);
        for (const size of sizes) printedFrame(player.view, size, look);
        const told = player.view.lanes.reduce((sum, { ticks }) => sum + ticks.length, 0);
        const polls = history.entries.filter(
          ({ kind, subject, data }) =>
            kind === 'poll' && data.tick !== null && subject.lane !== 'observer',
        );
        expect(told).toBe(polls.length);
      }),
      { numRuns: 40 },
    );
  });

  it('plays at its speed, pauses, steps by ticks and jumps to outages', async () => {
    const clock = new ManualClock();
    const player = new Playback({ clock, entries, speed: 4 });
    player.play();
    await clock.advance(1_000);
    expect(at(player)).toBeCloseTo(4, 5);
    player.press('pause');
    await clock.advance(1_000);
    expect(at(player)).toBeCloseTo(4, 5);
    player.press('left');
    expect(at(player)).toBeCloseTo(3.5, 5);
    player.press('next-outage');
    const first = at(player);
    expect(player.view.outages()).toHaveLength(1);
    player.press('next-outage');
    expect(at(player)).toBe(first);
    player.press('t0');
    expect(player.mode).toMatchObject({ kind: 'replay', play: { atNs: player.t0Ns } });
    player.press('faster');
    player.press('follow');
    expect(player.mode).toMatchObject({ play: { speed: 8, atNs: player.endNs, playing: false } });
    player.press('home');
    expect(player.view.lanes.every(({ ticks }) => ticks.length === 0)).toBe(true);
  });
});

function at(player: Playback): number {
  const { mode } = player;
  return mode.kind === 'replay' ? mode.play.atNs / 1e9 : Number.NaN;
}
