/** `rehearse replay`: a recorded run on the screen again, or one picture of it on stdout. */
import { readHistory } from '../harness/history/read.js';
import { renderLines } from '../harness/report/lines.js';
import { judge } from '../harness/verdict/judge.js';
import { UserError } from '../sim/user-error.js';
import type { Size } from '../tui/layout.js';
import type { Playback } from '../tui/playback.js';
import type { CommandContext } from './context.js';
import { instantNs } from './instant-option.js';
import { damageOf, findHistory, tellDamage } from './report.js';
import { openScreenOn, type ScreenRequest, wantsScreen } from './screen.js';
import { reportNow } from './screen-report.js';

export interface ReplayOptions extends ScreenRequest {
  readonly speed: string;
  readonly at?: string;
  readonly frame?: string;
  readonly size: string;
  readonly errors?: boolean;
}

/**
 * @throws UserError `HISTORY_NOT_FOUND`, `HISTORY_UNREADABLE`, `HISTORY_EMPTY`, `SPEED_INVALID`,
 *   `INSTANT_INVALID`, `SIZE_INVALID`
 */
export async function replayCommand(
  run: string,
  options: ReplayOptions,
  context: CommandContext,
): Promise<number> {
  const { output, clock, cwd, stop } = context;
  const speed = speedOption(options.speed);
  const size = sizeOption(options.size);
  const path = await findHistory(run, cwd);
  const history = await readHistory(path, stop);
  const { entries } = history;
  tellDamage(damageOf(history), path, { stderr: (text) => output.log(text.trimEnd()) });
  const { Playback: Player } = await import('../tui/playback.js');
  const player = new Player({ clock, entries, damage: history, speed });
  if (options.frame !== undefined) {
    player.seek(instantNs('--frame', options.frame, player));
    return printFrame(player, size, options, context);
  }
  const atNs = options.at === undefined ? 0 : instantNs('--at', options.at, player);
  if (!wantsScreen(context, options, process.stdin.isTTY === true)) {
    output.data(renderLines(entries, judge(entries, { damage: history }), output.look).trimEnd());
    return 0;
  }
  player.seek(atNs);
  const left = new AbortController();
  const screen = await openScreenOn(context, {
    source: player,
    quit: () => left.abort(),
    report: reportNow(path, context),
  });
  try {
    player.play();
    await aborted(AbortSignal.any([left.signal, stop]));
  } finally {
    screen.close();
  }
  return 0;
}

async function printFrame(
  player: Playback,
  size: Size,
  { errors }: ReplayOptions,
  { output }: CommandContext,
): Promise<number> {
  const { printedFrame } = await import('../tui/printed-frame.js');
  const look = {
    ascii: output.ascii,
    color: output.color && output.stdoutIsTty,
    errorKinds: errors === true,
  };
  output.data(printedFrame(player.view, size, look));
  return 0;
}

/** Resolves once the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function speedOption(text: string): number {
  const speed = /^\d+(\.\d+)?x?$/.test(text) ? Number(text.replace('x', '')) : Number.NaN;
  if (speed >= 0.25 && speed <= 32) return speed;
  throw new UserError(
    'SPEED_INVALID',
    `--speed cannot be "${text.slice(0, 80)}".`,
    'Give a number from 0.25 to 32.',
  );
}

function sizeOption(text: string): Size {
  const [, columns, rows] = /^(\d{1,3})x(\d{1,3})$/.exec(text) ?? [];
  if (Number(columns) > 0 && Number(rows) > 0)
    return { columns: Number(columns), rows: Number(rows) };
  throw new UserError(
    'SIZE_INVALID',
    `--size cannot be "${text.slice(0, 80)}".`,
    'Give columns and rows, such as 80x24.',
  );
}
