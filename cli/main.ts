/** Parses the command line, runs the one command it names, and gives back the exit code. */
import type { CommanderError } from 'commander';
import { systemClock } from '../sim/clock.js';
import { exitCodes } from '../sim/user-error.js';
import { describeFailure } from './failure.js';
import { type Look, type Output, output } from './output.js';
import { buildProgram } from './program.js';
import type { Action } from './start.js';
import { Stopped, stopSignals } from './stop-signals.js';

/**
 * Never throws.
 * @param leave ends the process at once: what a second signal does
 */
export async function main(
  process: NodeJS.Process,
  leave: (code: number) => void,
): Promise<number> {
  const { env } = process;
  const debug = (env.REHEARSE_DEBUG ?? '') !== '';
  let exit: number = exitCodes.pass;
  const start = async (action: Action, look: Look = {}): Promise<void> => {
    exit = await runAction(process, action, output(process, look), leave, debug);
  };
  const program = buildProgram(start);
  quieten(program, process);
  try {
    if (process.argv.length <= 2) {
      program.outputHelp({ error: true });
      return exitCodes.usage;
    }
    await program.parseAsync(process.argv);
    return exit;
  } catch (error) {
    const { lines, exit: code } = describeFailure(error, debug);
    for (const line of lines) process.stderr.write(`${line}\n`);
    return code;
  }
}

async function runAction(
  process: NodeJS.Process,
  action: Action,
  out: Output,
  leave: (code: number) => void,
  debug: boolean,
): Promise<number> {
  const signals = stopSignals(process, leave, (text) => out.log(text));
  const broken = new AbortController();
  out.onBroken(() => broken.abort(new Stopped('nobody reads the output any more')));
  const stop = AbortSignal.any([signals.signal, broken.signal]);
  let exit: number;
  try {
    const context = { output: out, clock: systemClock(), env: process.env, cwd: process.cwd() };
    exit = await action({ ...context, stop });
  } catch (error) {
    const failure = describeFailure(error, debug);
    if (!(error instanceof Stopped)) for (const line of failure.lines) out.log(line);
    exit = failure.exit;
  }
  await out.drained();
  signals.release();
  return signals.exitCode() ?? exit;
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
