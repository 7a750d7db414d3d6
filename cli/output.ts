/** Where a command writes: data to stdout, everything else to stderr; quiet once a pipe breaks. */
import type { Writable } from 'node:stream';

export interface Output {
  /** Data: what the command was asked for. A line end is added. */
  data(text: string): void;
  /** Everything else: progress, notes, errors. A line end is added. */
  log(text: string): void;
  /** Raw bytes to stderr, for a line that is drawn over. */
  draw(text: string): void;
  /**
   * Keeps what is printed from now on until what it returns is called: a screen has the terminal
   * to itself.
   */
  hold(): () => void;
  readonly stdoutIsTty: boolean;
  readonly stderrIsTty: boolean;
  /** Columns of the terminal; 80 where there is none. */
  readonly columns: number;
  /** Whether colours are wanted on stdout. */
  readonly color: boolean;
  /** Whether only 7-bit characters may be used. */
  readonly ascii: boolean;
  /** How reports are to look on stdout: only a terminal has a width to cut them to. */
  readonly look: { readonly ascii: boolean; readonly columns?: number };
  /** True once stdout takes nothing any more: its reader has gone away, or the disk is full. */
  readonly broken: boolean;
  /** Why stdout could not be written, in the system's words; null where only its reader left. */
  readonly failure: string | null;
  /** Calls back, with the reason, when stdout takes nothing any more. */
  onBroken(callback: (why: string) => void): void;
  /** Waits until all that was written has left, at most `timeoutMs` by the caller's own clock. */
  drained(): Promise<void>;
}

export interface Streams {
  readonly stdout: Writable & { isTTY?: boolean; columns?: number };
  readonly stderr: Writable & { isTTY?: boolean; columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Look {
  readonly color?: boolean | undefined;
  readonly ascii?: boolean | undefined;
}

/** Colours: option before NO_COLOR before FORCE_COLOR before what stdout is. */
export function wantsColor(look: Look, env: Streams['env'], isTty: boolean): boolean {
  if (look.color !== undefined) return look.color;
  if ((env.NO_COLOR ?? '') !== '') return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return isTty && env.TERM !== 'dumb';
}

/** Plain ASCII: asked for, or a terminal or locale that shows nothing else. */
export function wantsAscii(look: Look, env: Streams['env']): boolean {
  if (look.ascii !== undefined) return look.ascii;
  if (env.TERM === 'dumb' || env.TERM === 'linux') return true;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  return locale !== undefined && locale !== '' && !/utf-?8/i.test(locale);
}

export function output({ stdout, stderr, env }: Streams, look: Look = {}): Output {
  let broken = false;
  let failure: string | null = null;
  const callbacks: ((why: string) => void)[] = [];
  const onError = (error: NodeJS.ErrnoException): void => {
    if (broken) return;
    broken = true;
    // That nobody reads any more is no error of ours.
    if (error.code !== 'EPIPE') failure = error.message;
    const why =
      failure === null
        ? 'nobody reads the output any more'
        : `the output cannot be written: ${failure}`;
    for (const callback of callbacks) callback(why);
  };
  stdout.on('error', onError);
  stderr.on('error', () => undefined);
  const flush = (stream: Writable): Promise<void> =>
    new Promise((resolve) => {
      if (stream.destroyed || stream.writableEnded) resolve();
      else stream.write('', () => resolve());
    });
  // A terminal that does not know its width says 0.
  const columns = stdout.columns || stderr.columns || 80;
  const ascii = wantsAscii(look, env);
  let held: (() => void)[] | null = null;
  const print = (write: () => void): void => {
    if (held === null) write();
    else held.push(write);
  };
  return {
    data: (text) =>
      print(() => {
        if (!broken) stdout.write(`${text}\n`);
      }),
    log: (text) => print(() => void stderr.write(`${text}\n`)),
    draw: (text) => print(() => void stderr.write(text)),
    hold: () => {
      held ??= [];
      return () => {
        const writes = held ?? [];
        held = null;
        for (const write of writes) write();
      };
    },
    stdoutIsTty: stdout.isTTY === true,
    stderrIsTty: stderr.isTTY === true,
    columns,
    color: wantsColor(look, env, stdout.isTTY === true),
    ascii,
    look: stdout.isTTY === true ? { ascii, columns } : { ascii },
    get broken() {
      return broken;
    },
    get failure() {
      return failure;
    },
    onBroken: (callback) => void callbacks.push(callback),
    drained: async () => {
      await Promise.all([broken ? undefined : flush(stdout), flush(stderr)]);
    },
  };
}
