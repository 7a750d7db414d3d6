/** Opens the screen on a terminal, and gives the terminal back as it was. */
import { EventEmitter } from 'node:events';
import { type Instance, render } from 'ink';
import { App } from './app.js';
import type { ScreenController } from './controller.js';
import { AlternateScreen, type TerminalOutput } from './terminal.js';
import { themeOf } from './theme.js';

export interface ScreenOptions {
  readonly controller: ScreenController;
  readonly stdout: TerminalOutput;
  readonly stdin: NodeJS.ReadStream;
  readonly color: boolean;
  /** Where the end of the process is told. */
  readonly process: Pick<NodeJS.Process, 'on' | 'off'>;
}

export interface Screen {
  /** Gives the terminal back; nothing is drawn afterwards. Safe to call twice. */
  close(): void;
  /** The same, when the process is about to end: what is written does not wait. */
  leaveNow(): void;
}

/** Draws until it is closed. */
export async function openScreen(options: ScreenOptions): Promise<Screen> {
  const { controller, stdout, stdin, color } = options;
  const terminal = new AlternateScreen(stdout);
  const canvas = new Canvas(terminal);
  controller.resize(terminal.size);
  let instance: Instance | null = null;
  const onResize = (): void => {
    terminal.clear();
    canvas.emit('resize');
    controller.resize(terminal.size);
  };
  const leaveNow = (): void => {
    terminal.leave(true);
    if (stdin.isTTY && stdin.isRaw) stdin.setRawMode(false);
  };
  const onContinue = (): void => {
    terminal.enter();
    if (stdin.isTTY && stdin.isRaw) {
      // The shell that had the terminal in between has its own way with keys.
      stdin.setRawMode(false);
      stdin.setRawMode(true);
    }
    controller.resize(terminal.size);
  };
  const release = listenTo(options.process, leaveNow, onContinue);
  terminal.enter();
  stdout.on('resize', onResize);
  await new Promise<void>((resolve) => {
    instance = render(<App controller={controller} theme={themeOf(color)} onReady={resolve} />, {
      stdout: canvas as unknown as NodeJS.WriteStream,
      stdin,
      // Every picture is handed over whole: what is written of it is for the terminal to decide.
      debug: true,
      exitOnCtrlC: false,
      patchConsole: false,
      isScreenReaderEnabled: false,
    });
  });
  return {
    leaveNow,
    close: () => {
      stdout.off('resize', onResize);
      instance?.unmount();
      controller.close();
      terminal.leave();
      release();
    },
  };
}

function listenTo(
  process: ScreenOptions['process'],
  leaveNow: () => void,
  onContinue: () => void,
): () => void {
  const events = [
    ['exit', leaveNow],
    // Before Node prints the error, which would go with the screen.
    ['uncaughtExceptionMonitor', leaveNow],
    ['SIGCONT', onContinue],
  ] as const;
  for (const [event, listener] of events) process.on(event, listener);
  return () => {
    for (const [event, listener] of events) process.off(event, listener);
  };
}

/** What Ink takes for a terminal: every picture that it writes goes to the screen line by line. */
class Canvas extends EventEmitter {
  readonly isTTY = true;
  readonly #terminal: AlternateScreen;

  constructor(terminal: AlternateScreen) {
    super();
    this.#terminal = terminal;
  }

  get columns(): number {
    return this.#terminal.size.columns;
  }

  get rows(): number {
    return this.#terminal.size.rows;
  }

  write(picture: string, done?: () => void): boolean {
    if (picture !== '') this.#terminal.draw(picture.split('\n'));
    done?.();
    return true;
  }
}
