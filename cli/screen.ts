/** Whether there is a screen, and how a command has one: the code of it is loaded only then. */
import type { ScreenController } from '../tui/controller.js';
import type { Source } from '../tui/source.js';
import type { CommandContext } from './context.js';

/** What on the command line speaks against a screen. */
export interface ScreenRequest {
  /** `--no-tui`. */
  readonly tui?: boolean;
  readonly lines?: boolean;
  readonly json?: boolean;
  readonly format?: string;
}

/**
 * A screen needs a person at a terminal: somebody who reads stdout and presses keys. Screen readers
 * get lines, which they can read as sentences.
 */
export function wantsScreen(
  { output, env }: Pick<CommandContext, 'output' | 'env'>,
  request: ScreenRequest,
  stdinIsTty: boolean,
): boolean {
  const { tui, lines, json, format = 'text' } = request;
  const asked = tui !== false && lines !== true && json !== true && format === 'text';
  const person = output.stdoutIsTty && stdinIsTty && !isSet(env.CI);
  return asked && person && env.TERM !== 'dumb' && env.INK_SCREEN_READER !== 'true';
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}

export interface OpenScreenOptions {
  readonly source: Source;
  readonly quit: () => void;
  readonly report?: () => Promise<string>;
}

export interface OpenScreen {
  readonly controller: ScreenController;
  /** Gives the terminal back and prints what was said in the meantime. Safe to call twice. */
  close(): void;
}

/** Opens the screen; until it is closed, what is printed waits. */
export async function openScreenOn(
  context: CommandContext,
  { source, quit, report }: OpenScreenOptions,
): Promise<OpenScreen> {
  const { output, stop } = context;
  const { openScreen, ScreenController } = await loadScreen();
  const controller = new ScreenController({
    ...{ source, quit, ascii: output.ascii, size: { columns: 80, rows: 24 } },
    ...(report === undefined ? {} : { report }),
  });
  const release = output.hold();
  const screen = await openScreen({
    ...{ controller, process, color: output.color },
    stdout: process.stdout,
    stdin: process.stdin,
  });
  const onStop = (): void => controller.stopping('stopping; once more leaves at once');
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  const forget = context.beforeLeaving(() => {
    screen.leaveNow();
    release();
  });
  return {
    controller,
    close: () => {
      stop.removeEventListener('abort', onStop);
      forget();
      screen.close();
      release();
    },
  };
}

/** React is made for people who write it unless it is told otherwise, and is slower then. */
async function loadScreen() {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = before ?? 'production';
  try {
    const [{ openScreen }, { ScreenController }] = await Promise.all([
      import('../tui/screen.js'),
      import('../tui/controller.js'),
    ]);
    return { openScreen, ScreenController };
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}
