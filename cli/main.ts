/** Parses the command line, runs the one command it names, and gives back the exit code. */
import type { CommanderError } from 'commander';
import { systemClock } from '../sim/clock.js';
import { exitCodes, UserError } from '../sim/user-error.js';
import { describeFailure } from './failure.js';
import { type Look, type Output, output } from './output.js';
import { buildProgram } from './program.js';
import type { Action } from './start.js';
import { exitCodeOfSignal, Stopped, type StopSignal, stopSignals } from './stop-signals.js';

/** How the process is to end. */
export interface MainEnd {
  readonly exit: number;
  /** Where a thread hangs, which an ordinary exit would wait for: the signal that ends us. */
  readonly by: NodeJS.Signals | null;
}

/**
 * Never throws.
 * @param leave ends the process at once by a signal: what a second one does
 */
export async function main(
  process: NodeJS.Process,
  leave: (signal: StopSignal) => void,
): Promise<MainEnd> {
  const { env } = process;
  const debug = (env.REHEARSE_DEBUG ?? '') !== '';
  let end: MainEnd = { exit: exitCodes.pass, by: null };
  const start = async (action: Action, look: Look = {}): Promise<void> => {
    end = await runAction(process, action, output(process, look), leave, debug);
  };
  const program = buildProgram(start);
  quieten(program, process);
  try {
    if (process.argv.length <= 2) {
      program.outputHelp({ error: true });
      return { exit: exitCodes.usage, by: null };
    }
    await program.parseAsync(process.argv);
    return end;
  } catch (error) {
    const { lines, exit } = describeFailure(error, debug);
    for (const line of lines) process.stderr.write(`${line}\n`);
    return { exit, by: null };
  }
}

async function runAction(
  process: NodeJS.Process,
  action: Action,
  out: Output,
  leave: (signal: StopSignal) => void,
  debug: boolean,
): Promise<MainEnd> {
  const last = new Set<() => void>();
  const leaveTidy = (signal: StopSignal): void => {
    for (const work of last) work();
    leave(signal);
  };
  const beforeLeaving = (work: () => void): (() => void) => {
    last.add(work);
    return () => void last.delete(work);
  };
  const signals = stopSignals(process, leaveTidy, (text) => out.log(text));
  const broken = new AbortController();
  out.onBroken((why) => broken.abort(new Stopped(why)));
  const stop = AbortSignal.any([signals.signal, broken.signal]);
  let exit: number;
  let hangs = false;
  const threadHangs = (): void => {
    hangs = true;
    out.log('a thread of rehearse hangs and cannot be ended: the process is killed');
  };
  try {
    const context = { output: out, clock: systemClock(), env: process.env, cwd: process.cwd() };
    const { unheard } = signals;
    exit = await action({ ...context, stop, beforeLeaving, threadHangs, unheard });
  } catch (error) {
    const failure = describeFailure(error, debug);
    if (!(error instanceof Stopped)) for (const line of failure.lines) out.log(line);
    exit = failure.exit;
  }
  await out.drained();
  if (out.failure !== null) {
    for (const line of outputLost(out.failure)) out.log(line);
    await out.drained();
    if (exit === exitCodes.pass) exit = exitCodes.environment;
  }
  signals.release();
  const { first } = signals;
  return {
    exit: first === undefined ? exit : exitCodeOfSignal(first),
    by: hangs ? (first ?? 'SIGKILL') : null,
  };
}

function outputLost(why: string): readonly string[] {
  const what = `What was asked for could not be written to stdout: ${why}.`;
  const todo = 'Make room where it goes, or send it elsewhere.';
  return describeFailure(new UserError('OUTPUT_UNWRITABLE', what, todo, 'environment'), false)
    .lines;
}

/** Commander writes help to stdout and throws its errors, which are told in our own form. */
function quieten(program: ReturnType<typeof buildProgram>, process: NodeJS.Process): void {
  for (const command of [program, ...program.commands])
    command.exitOverride((error: CommanderError) => {
      throw error;
    });
  for (const command of [program, ...program.commands])
    command.configureOutput({
      writeOut: (text) => void process.stdout.write(text),
      writeErr: (text) => void process.stderr.write(text),
      outputError: () => undefined,
    });
}
