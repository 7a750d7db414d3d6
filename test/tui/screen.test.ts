import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../sim/clock.js';
import { ScreenController } from '../../tui/controller.js';
import { LiveSource } from '../../tui/live.js';
import { Playback } from '../../tui/playback.js';
import { printedFrame } from '../../tui/printed-frame.js';
import { openScreen, type Screen } from '../../tui/screen.js';
import type { Source } from '../../tui/source.js';
import { FakeKeys, FakeTerminal } from '../support/fake-terminal.js';
import { historyOf } from '../support/screen-histories.js';

const enter = '\u001b[?1049h';
const leave = '\u001b[?1049l';
const showCursor = '\u001b[?25h';

interface Opened {
  readonly terminal: FakeTerminal;
  readonly keyboard: FakeKeys;
  readonly screen: Screen;
  readonly controller: ScreenController;
  readonly process: EventEmitter;
  readonly quits: () => number;
}

const open: Screen[] = [];
afterEach(() => {
  for (const screen of open.splice(0)) screen.close();
});

async function opened(source: Source, columns = 80, rows = 24): Promise<Opened> {
  const terminal = new FakeTerminal(columns, rows);
  const keyboard = new FakeKeys();
  const process = new EventEmitter();
  let quits = 0;
  const controller = new ScreenController({
    source,
    size: { columns: 1, rows: 1 },
    ascii: false,
    quit: () => {
      quits += 1;
    },
    report: async () => 'run/report-now.html',
  });
  const screen = await openScreen({
    controller,
    stdout: terminal,
    stdin: keyboard as unknown as NodeJS.ReadStream,
    color: true,
    process: process as unknown as NodeJS.Process,
  });
  open.push(screen);
  return { terminal, keyboard, screen, controller, process, quits: () => quits };
}

/** React draws when it gets to it. */
function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 5_000, interval: 2 });
}

function ended(name: string): LiveSource {
  const live = new LiveSource(new ManualClock());
  live.take(historyOf(name).entries);
  live.publish();
  return live;
}

describe('the screen on a terminal', () => {
  it.each([
    [80, 24],
    [120, 40],
    [61, 13],
    [40, 8],
  ])('of %i by %i shows the picture as it is printed', async (columns, rows) => {
    const source = ended('failover-stale-dns');
    const { terminal } = await opened(source, columns, rows);
    const look = { ascii: false, color: false, errorKinds: false };
    const printed = printedFrame(source.view, { columns, rows }, look).split('\n');
    while (printed.at(-1) === '') printed.pop();
    expect(terminal.lines).toEqual(printed);
    expect(terminal.lines.length).toBeLessThan(rows);
  });

  it('takes the terminal, and gives it back as it was', async () => {
    const { terminal, keyboard, screen, process } = await opened(ended('zdp-clean'));
    expect(keyboard.isRaw).toBe(true);
    expect(terminal.written.startsWith(enter)).toBe(true);
    screen.close();
    screen.close();
    expect(keyboard.isRaw).toBe(false);
    expect(terminal.written.split(leave)).toHaveLength(2);
    expect(terminal.written.endsWith(`${showCursor}${leave}`)).toBe(true);
    expect(terminal.written).not.toContain('\u001b[3J');
    expect(process.eventNames()).toEqual([]);
    expect(terminal.listenerCount('resize')).toBe(0);
  });

  it('gives it back before an error is printed, and when the process ends', async () => {
    for (const event of ['uncaughtExceptionMonitor', 'exit']) {
      const { terminal, keyboard, process } = await opened(ended('zdp-clean'));
      process.emit(event);
      expect(terminal.written.endsWith(leave)).toBe(true);
      expect(keyboard.isRaw).toBe(false);
    }
  });

  it('writes only what has changed, and nothing where nothing has', async () => {
    const source = ended('zdp-clean');
    const { terminal, controller } = await opened(source);
    const before = terminal.written.length;
    source.publish();
    expect(terminal.written).toHaveLength(before);
    controller.say('a word');
    await eventually(() => expect(terminal.lines.at(-1)).toBe(' a word'));
    const places = terminal.written.slice(before).match(/;1H/g) ?? [];
    expect(places).toHaveLength(1);
  });

  it('follows the size of its window', async () => {
    const source = ended('zdp-drops');
    const { terminal } = await opened(source);
    const look = { ascii: false, color: false, errorKinds: false };
    for (const [columns, rows] of [
      [120, 40],
      [59, 40],
      [80, 24],
    ] as const) {
      terminal.resize(columns, rows);
      const printed = printedFrame(source.view, { columns, rows }, look).split('\n');
      while (printed.at(-1) === '') printed.pop();
      await eventually(() => expect(terminal.lines).toEqual(printed));
    }
  });

  it('has itself whole again after a shell had the terminal', async () => {
    const { terminal, process } = await opened(ended('zdp-clean'));
    const whole = terminal.lines;
    terminal.write('\u001b[2J');
    process.emit('SIGCONT');
    await eventually(() => expect(terminal.lines).toEqual(whole));
  });
});

describe('keys', () => {
  it('do what the help says', async () => {
    const { terminal, keyboard, quits } = await opened(ended('zdp-drops'));
    const shows = (text: string): Promise<void> =>
      eventually(() => expect(terminal.lines.join('\n')).toContain(text));
    keyboard.type('?');
    await shows('── keys');
    keyboard.type('?');
    keyboard.type('e');
    await shows('CC');
    keyboard.type('1');
    await shows('── new-connection');
    keyboard.type('j');
    await shows('── held-session');
    keyboard.type('\u001b[A');
    await shows('── new-connection');
    keyboard.type('vv');
    await shows('── verdict');
    keyboard.type('-');
    await shows('phase');
    keyboard.type(' ');
    await shows('PAUSED');
    keyboard.type('f');
    await shows('ENDED');
    keyboard.type('p');
    keyboard.type('p');
    await shows('no earlier outage');
    keyboard.type('r');
    await shows('run/report-now.html');
    keyboard.type('q');
    keyboard.type('\u0003');
    expect(quits()).toBe(2);
    keyboard.type('\u0003\u0003');
    expect(quits()).toBe(4);
  });

  it('move a replay', async () => {
    const { entries } = historyOf('zdp-drops');
    const player = new Playback({ clock: new ManualClock(), entries });
    const { terminal, keyboard } = await opened(player);
    const shows = (row: number, text: string): Promise<void> =>
      eventually(() => expect(terminal.lines[row]).toContain(text));
    await shows(1, '-6.0s of -6.0s..+6.0s');
    keyboard.type('t');
    await shows(1, '+0.0s of -6.0s..+6.0s');
    keyboard.type('\u001b[1;2C');
    await shows(1, '+6.0s of');
    keyboard.type(']');
    await shows(0, 'REPLAY 2x paused');
  });

  it('answer what the run asks', async () => {
    const { terminal, keyboard, controller } = await opened(ended('zdp-clean'));
    const answer = controller.ask('Switch over now?', new AbortController().signal);
    await eventually(() => expect(terminal.lines.at(-1)).toContain('Switch over now?'));
    keyboard.type('x');
    keyboard.type('y');
    expect(await answer).toBe('yes');
    const stop = new AbortController();
    const second = controller.ask('And now?', stop.signal);
    stop.abort(new Error('stopped'));
    await expect(second).rejects.toThrow('stopped');
    await eventually(() => expect(terminal.lines.at(-1)).not.toContain('And now?'));
  });
});

describe('a run under way', () => {
  it('is drawn four times a second at most, however much comes', async () => {
    const clock = new ManualClock();
    const live = new LiveSource(clock);
    let pictures = 0;
    live.subscribe(() => {
      pictures += 1;
    });
    const { entries } = historyOf('zdp-clean');
    for (const entry of entries) live.take([entry]);
    // The first one at once: who opens a screen wants to see what begins.
    expect(pictures).toBe(1);
    await clock.advance(250);
    expect(pictures).toBe(2);
    await clock.advance(10_000);
    expect(pictures).toBe(2);
  });

  it('shows the time that passes until there are polls', async () => {
    const clock = new ManualClock();
    const live = new LiveSource(clock);
    live.take(historyOf('zdp-clean').entries.slice(0, 1));
    await clock.advance(2_500);
    expect(live.view.nowNs).toBe(2e9);
    live.take(historyOf('zdp-clean').entries.slice(1));
    await clock.advance(5_000);
    expect(live.view.nowNs).toBe(12e9);
  });
});
